// How a story is told in a terminal: what happened, who has it, what it waits for, when it dies, what somebody could do.
import type { Explanation, Holder } from '../agent-client/index.ts';
import { formatSpan, printable } from './format.ts';
import type { Printer } from './output.ts';

/** Names in one line; the others are counted. */
const MAX_NAMES = 8;
/** A time without its date, which stands in front once. */
const TIME_WIDTH = 'hh:mm:ss.mmm'.length;

/** `nowMs` is milliseconds since 1970. */
export function printStory(printer: Printer, story: Explanation, nowMs: number): void {
  const say = (line: string): void => printer.line(printable(line));
  let day = '';
  for (const { at, who, what, confirmed } of story.steps) {
    const text = at?.toISOString() ?? '';
    if (text !== '' && text.slice(0, 10) !== day) {
      day = text.slice(0, 10);
      say('');
      say(day);
    }
    const time = text.slice(11, -1).padEnd(TIME_WIDTH);
    say(`  ${time}  ${who}: ${what}${confirmed ? '' : ' (not confirmed)'}`);
  }
  const holders = holderLines(story.holders, nowMs);
  if (holders.length > 0) say('');
  for (const line of holders) say(line);
  if (story.waitsFor.length > 0) say('');
  for (const sentence of story.waitsFor) say(`Waits for ${sentence}`);
  if (story.diesAt !== undefined)
    say(`Dies at ${story.diesAt.toISOString()}, ${inWords(story.diesAt, nowMs)}`);
  for (const sentence of story.advice) say(`→ ${sentence}`);
}

function inWords(at: Date, nowMs: number): string {
  const leftMs = at.getTime() - nowMs;
  return leftMs < 0 ? `which was ${formatSpan(-leftMs)} ago` : `in ${formatSpan(leftMs)}`;
}

function holderLines(holders: readonly Holder[], nowMs: number): string[] {
  const lines: string[] = [];
  const tell = (what: string, meant: readonly Holder[], age: (holder: Holder) => string): void => {
    if (meant.length === 0) return;
    const names = meant.slice(0, MAX_NAMES).map((holder) => `${nameOf(holder)}${age(holder)}`);
    const more = meant.length - MAX_NAMES;
    lines.push(`${what} ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`);
  };
  const linked = holders.filter((holder) => holder.linked);
  const away = holders.filter((holder) => !holder.linked);
  const ageOf = ({ heardAt }: Holder): string =>
    heardAt === undefined ? '' : ` (heard of ${formatSpan(nowMs - heardAt.getTime())} ago)`;
  tell('Held by', linked.filter(isHeld), () => '');
  tell('Linked and without it:', linked.filter(isLacking), () => '');
  tell('Held when last heard of by', away.filter(isHeld), ageOf);
  tell('Not held when last heard of by', away.filter(isLacking), ageOf);
  return lines;
}

function isHeld({ holding }: Holder): boolean {
  return holding === 'held';
}

function isLacking({ holding }: Holder): boolean {
  return holding === 'lacking';
}

function nameOf({ name, nodeId }: Holder): string {
  return name === '' ? nodeId.slice(0, 8) : name;
}
