// The door of completion.
export { bashScript } from './bash.ts';
export { fishScript } from './fish.ts';
export { ASKED, type Asked, specOf } from './spec.ts';
export { zshScript } from './zsh.ts';
