// Light or dark: as the system says, until somebody chooses; the choice is kept in this browser.
import type { Environment } from './environment.ts';

const KEY = 'holdfast.theme';
const ATTRIBUTE = 'data-theme';

/** Shows the choice that was made before, and makes the button choose the other one. */
export function followTheme(environment: Environment, button: HTMLElement): void {
  const kept = environment.local.get(KEY);
  if (kept === 'light' || kept === 'dark') document.documentElement.setAttribute(ATTRIBUTE, kept);
  const system = matchMedia('(prefers-color-scheme: dark)');
  const isDark = (): boolean => {
    const chosen = document.documentElement.getAttribute(ATTRIBUTE);
    return chosen === null ? system.matches : chosen === 'dark';
  };
  const show = (): void => {
    button.setAttribute('aria-pressed', String(isDark()));
  };
  button.addEventListener('click', () => {
    const chosen = isDark() ? 'light' : 'dark';
    document.documentElement.setAttribute(ATTRIBUTE, chosen);
    environment.local.set(KEY, chosen);
    show();
  });
  system.addEventListener('change', show);
  show();
}
