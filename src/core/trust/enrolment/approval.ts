// What an operator compares before a waiting request is granted: the device shows it, the hub lists it.
import { ByteWriter, fromHex, toBase32 } from '../../values/bytes.ts';
import type { Hash } from '../../values/environment.ts';
import type { JoinRequest } from './request.ts';

/** 80 bits: who would have a key of his own approved has to find one in the life of the token, because the token is part of it. */
const CODE_BYTES = 10;
const GROUP = /.{4}/g;

/** Sixteen letters and digits in groups of four, of all that the certificate will bind. */
export function approvalCode(
  { tokenId, key, noiseKey, sealingKey }: Omit<JoinRequest, 'madeAtMs'>,
  hash: Hash,
): string {
  const writer = new ByteWriter().text('holdfast approval 1').raw(tokenId);
  for (const one of [key, noiseKey, sealingKey]) writer.raw(fromHex(one));
  const code = toBase32(hash.blake2b(writer.finish()).subarray(0, CODE_BYTES));
  return (code.match(GROUP) ?? []).join('-');
}

/** Whether what somebody typed is that code, whatever stands between its letters. */
export function isApprovalCode(typed: string, code: string): boolean {
  const plain = (text: string): string => text.toLowerCase().replace(/[^a-z2-7]/g, '');
  return plain(typed) === plain(code);
}
