// How often in a day an observer that stalls for 1 to 20 s calls somebody unreachable who is not: without and with self-doubt.
import { falseDeaths } from '../test/support/presence-days.ts';
import { type Figure, limit } from './figure.ts';

const DAYS = 10;
const NAME = 'false unreachable in a day, agent of 1 s, a stall of 1-20 s every five minutes';

export async function presence(): Promise<Figure[]> {
  return [
    limit({ name: `${NAME}, without self-doubt`, unit: 'a day', value: perDay(false) }),
    limit({ name: 'the same, with self-doubt', unit: 'a day', value: perDay(true), atMost: 0 }),
  ];
}

function perDay(doubtsItself: boolean): number {
  const days = Array.from({ length: DAYS }, (_, i) => falseDeaths(`day ${i}`, doubtsItself));
  return days.reduce((sum, one) => sum + one, 0) / DAYS;
}
