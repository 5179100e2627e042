// What a device does to become a member, whoever carries its request: make its key and its request, believe the reply, write it down.
import {
  approvalCode,
  bytesEqual,
  type Certificate,
  encodeRequest,
  fromHex,
  type JoinReply,
  openReply,
  parseToken,
  type Random,
  Secret,
  type Token,
  TrustSet,
} from '../../core/index.ts';
import { parseBase32 } from '../identity/base32.ts';
import { FleetSecret, loadFleetSecret, storeFleetSecret } from '../identity/fleet-secret.ts';
import { certifiedKeys, loadNodeKey, type NodeKey } from '../identity/node-key.ts';
import type { Sealing } from '../identity/sealing.ts';
import { loadTrustFile, storeTrustFile } from '../identity/trust-file.ts';
import { prepareDataDir } from '../setup/index.ts';
import { sodiumCrypto, sodiumSealedBox } from '../sodium-crypto.ts';
import { StartupError } from '../startup-error.ts';
import { openTrust } from '../trust/member-trust.ts';
import { forgetPendingJoin, loadPendingJoin, storePendingJoin } from './join-state.ts';

/** A device on its way into a fleet. */
export interface Joining {
  readonly dataDir: string;
  readonly key: NodeKey;
  readonly token: Token;
  /** The request, sealed for the hub; the same bytes each time. */
  readonly sealed: Uint8Array;
  /** What an operator compares. */
  readonly code: string;
}

export interface JoinStart {
  readonly dataDir: string;
  /** Absent to go on with what was begun. */
  readonly token: Secret<string> | undefined;
  readonly random: Random;
  /** How the key of this machine is sealed, or opened. */
  readonly sealing: Sealing;
  /** Milliseconds since 1970, for people. */
  readonly nowMs: number;
}

/** Makes the directory, the key and the request, or takes up those of before; undefined where it is a member already. Rejects with StartupError. */
export async function beginJoin(start: JoinStart): Promise<Joining | undefined> {
  const { dataDir, random } = start;
  const given = start.token && readToken(start.token.reveal());
  if (await isMember(dataDir, given)) {
    await forgetPendingJoin(dataDir);
    return undefined;
  }
  await prepareDataDir(dataDir);
  const pending = await loadPendingJoin(dataDir);
  const text = start.token ?? pending?.token;
  if (text === undefined) {
    throw new StartupError(
      'There is no token to join with, and no join has begun here. Nothing was done.',
      'Have an operator run `holdfast token create` on a hub, and give the token in a file: holdfast join --token-file FILE',
    );
  }
  const token = given ?? readToken(text.reveal());
  const key = await loadNodeKey(dataDir, random, start.sealing);
  const keys = certifiedKeys(key);
  const code = approvalCode({ tokenId: token.tokenId, ...keys }, sodiumCrypto);
  if (pending !== undefined && isSame(readToken(pending.token.reveal()), token)) {
    return { dataDir, key, token, code, sealed: pending.sealed };
  }
  const request = encodeRequest(
    { tokenId: token.tokenId, ...keys, madeAtMs: Math.max(0, Math.floor(start.nowMs)) },
    { secret: token.secret, signer: key.signer, hash: sodiumCrypto },
  );
  const sealed = sodiumSealedBox.seal(fromHex(token.hubSealingKey), request);
  await storePendingJoin(dataDir, { token: new Secret(text.reveal().trim()), sealed }, random);
  return { dataDir, key, token, code, sealed };
}

/** Writes down what a sealed reply says, if it is believed. Resolves with the certificate. Rejects with StartupError; then it is no member. */
export async function finishJoin(
  joining: Joining,
  sealedReply: Uint8Array,
  random: Random,
): Promise<Certificate> {
  const { dataDir } = joining;
  const { reply, certificate } = believe(joining, sealedReply);
  await storeTrustFile(dataDir, reply.statements, random);
  // Last: with it the directory belongs to a fleet.
  await storeFleetSecret(dataDir, new FleetSecret(reply.fleetSecret), random);
  await forgetPendingJoin(dataDir);
  return certificate;
}

/** Why a sealed reply is not believed; undefined when it is. */
export function doubtReply(joining: Joining, sealedReply: Uint8Array): StartupError | undefined {
  try {
    believe(joining, sealedReply);
    return undefined;
  } catch (error) {
    if (error instanceof StartupError) return error;
    throw error;
  }
}

/** Throws StartupError. */
function believe(joining: Joining, sealedReply: Uint8Array) {
  const { key, token } = joining;
  const plain = sodiumSealedBox.open(key.sealing, sealedReply);
  if (plain === undefined) throw disbelieved('it is for another device, or damaged');
  const reply = openReply(plain, token.secret, sodiumCrypto);
  if (typeof reply === 'string') throw disbelieved(reply);
  return { reply, certificate: checkReply(joining, reply) };
}

function checkReply({ token, key }: Joining, reply: JoinReply): Certificate {
  if (!bytesEqual(reply.tokenId, token.tokenId)) throw disbelieved('it answers another token');
  const [genesis, ...more] = reply.statements;
  const trust = genesis === undefined ? 'it is empty' : TrustSet.found(genesis, sodiumCrypto);
  if (typeof trust === 'string') throw disbelieved(trust);
  if (!bytesEqual(trust.fleetId, token.fleetId)) throw disbelieved('it is of another fleet');
  for (const statement of more) {
    const admission = trust.add(statement);
    if (admission.type === 'refused' || admission.type === 'early') {
      throw disbelieved(admission.reason);
    }
  }
  const own = certifiedKeys(key);
  const [certificate] = trust.trust.members.get(own.key)?.certificates ?? [];
  if (certificate === undefined) throw disbelieved('it holds no certificate for this device');
  if (certificate.noiseKey !== own.noiseKey || certificate.sealingKey !== own.sealingKey) {
    throw disbelieved('its certificate is for other keys');
  }
  return certificate;
}

/** Whether it has joined before. Rejects with StartupError where it belongs to another fleet. */
async function isMember(dataDir: string, token: Token | undefined): Promise<boolean> {
  if ((await loadFleetSecret(dataDir)) === undefined) return false;
  const founded = await loadTrustFile(dataDir);
  const present = founded && openTrust(founded, [], sodiumCrypto).fleetId;
  if (present !== undefined && (token === undefined || bytesEqual(present, token.fleetId))) {
    return true;
  }
  throw new StartupError(
    `${dataDir} already belongs to ${present === undefined ? 'an open fleet' : 'another fleet'}. Nothing was changed.`,
    'Join with another --data-dir, or move the old one away: its documents stay with the old fleet.',
  );
}

function readToken(text: string): Token {
  const token = parseToken(text, { hash: sodiumCrypto, fromBase32: parseBase32 });
  if (typeof token !== 'string') return token;
  throw new StartupError(
    `What was given ${token}. Nothing was done.`,
    'Copy the whole token that `holdfast token create` wrote; it begins with holdfast1e_.',
  );
}

function isSame(a: Token, b: Token): boolean {
  return bytesEqual(a.tokenId, b.tokenId) && bytesEqual(a.secret, b.secret);
}

function disbelieved(why: string): StartupError {
  return new StartupError(
    `The reply is not believed: ${why}. This device has not joined.`,
    'If the token came by a way you trust, ask the hub again: holdfast join. Otherwise have it revoked, and make a new one.',
  );
}
