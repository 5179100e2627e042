// All verbs: how each is run for its golden outputs, or which test reads its output instead, and why. Those of `root` show what is said where there is no root key.
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { CommandLogStream } from '../../src/gen/holdfast/v1/command_log_pb.ts';
import { CommandState } from '../../src/gen/holdfast/v1/command_pb.ts';
import { DelegationState } from '../../src/gen/holdfast/v1/delegation_pb.ts';
import { fakeToken } from '../agent-client/fake-enrolment-routes.ts';
import { FakeLog } from '../agent-client/fake-log-routes.ts';
import type { FakeSidecar } from '../agent-client/fake-sidecar.ts';
import { FAKE_NOW_MS } from '../agent-client/fake-values.ts';
import { fakeFleet } from './fake-fleet.ts';

export type GoldenVerb =
  | { readonly args: string }
  /** A test that reads the output, and why the fake sidecar is no place for it. */
  | { readonly test: string; readonly why: string };

const OWN_DISK = 'works on a data directory, with no sidecar';
const REAL = 'is tested with a real sidecar, which says more than a fake one';

export const GOLDEN_VERBS: Readonly<Record<string, GoldenVerb>> = {
  init: { test: 'test/cli/process.test.ts', why: OWN_DISK },
  join: { test: 'test/cli/token.test.ts', why: OWN_DISK },
  run: { test: 'test/cli/process.test.ts', why: OWN_DISK },
  status: { args: 'status' },
  'peers list': { args: 'peers list' },
  'peers add': { args: 'peers add x.example:7677' },
  'peers rm': { args: 'peers rm hub.example:7677' },
  'peers pause': { args: 'peers pause' },
  'peers resume': { args: 'peers resume hub' },
  'peers receive-only': { args: 'peers receive-only on' },
  'bundle export': { test: 'test/e2e/bundle.test.ts', why: REAL },
  'bundle import': { test: 'test/e2e/bundle.test.ts', why: REAL },
  'bundle show': { test: 'test/e2e/bundle.test.ts', why: REAL },
  'bundle frontier': { test: 'test/e2e/bundle.test.ts', why: REAL },
  'agent add': { args: 'agent add edge-8' },
  'agent rm': { args: 'agent rm edge-8' },
  'agent run': { test: 'test/cli/agent-run.test.ts', why: 'goes on until it is stopped' },
  'access add': { args: 'access add --scope read grafana' },
  'access list': { args: 'access list' },
  'access rm': { args: 'access rm grafana' },
  'key seal': { test: 'test/e2e/sealed-key.test.ts', why: OWN_DISK },
  'key rotate': { args: 'key rotate' },
  repair: { test: 'test/e2e/faults.test.ts', why: OWN_DISK },
  diagnose: { test: 'test/cli/access.test.ts', why: 'has an archive for its result' },
  'audit tail': { test: 'test/e2e/audit.test.ts', why: REAL },
  'audit verify': { test: 'test/e2e/audit.test.ts', why: REAL },
  'audit export': { test: 'test/e2e/audit.test.ts', why: REAL },
  demo: { test: 'test/e2e/demo.test.ts', why: 'starts sidecars of its own' },
  members: { args: 'members' },
  dash: { test: 'test/cli/dash.test.ts', why: REAL },
  telemetry: { args: 'telemetry edge-a' },
  inventory: { test: 'test/cli/config.test.ts', why: REAL },
  'config set': { test: 'test/cli/config.test.ts', why: REAL },
  'config show': { test: 'test/cli/config.test.ts', why: REAL },
  'config list': { test: 'test/cli/config.test.ts', why: REAL },
  'config status': { test: 'test/cli/config.test.ts', why: REAL },
  'config rm': { test: 'test/cli/config.test.ts', why: REAL },
  'cmd run': { args: 'cmd run --target edge-b restart' },
  'cmd list': { args: 'cmd list' },
  'cmd show': { args: 'cmd show command2' },
  'cmd wait': { args: 'cmd wait command2' },
  'cmd cancel': { args: 'cmd cancel command2' },
  'cmd logs': { args: 'cmd logs command2' },
  'cmd explain': { args: 'cmd explain command1' },
  'cmd kinds': { args: 'cmd kinds' },
  'delegate create': {
    args: 'delegate create --to edge-7 --kinds restart --agents edge-8 --until 12h',
  },
  'delegate list': { args: 'delegate list' },
  'delegate revoke': { args: 'delegate revoke 0a1b --reason over' },
  'explain doc': { args: 'explain doc notes/a' },
  'explain peer': { args: 'explain peer edge-7' },
  'trust members': { args: 'trust members' },
  'trust export': { test: 'test/cli/trust.test.ts', why: 'writes a file' },
  'trust import': { test: 'test/cli/trust.test.ts', why: 'reads a file' },
  'trust voids': { args: 'trust voids' },
  'trust clear-fork': { args: 'trust clear-fork hub' },
  'token create': { args: 'token create --name edge-7 --role agent' },
  'token list': { args: 'token list' },
  'token revoke': { args: 'token revoke 0a1b2c3d' },
  'token approve': { args: 'token approve 0a1b2c3d --fingerprint k3x9q2ab' },
  'token grant': { test: 'test/cli/token.test.ts', why: 'reads and writes files' },
  'member grant': { args: 'member grant edge-7 --agent edge-8' },
  eject: { args: 'eject edge-7 --reason stolen --dry-run' },
  'policy show': { args: 'policy show' },
  'policy set': { test: 'test/cli/trust.test.ts', why: 'reads a file' },
  'root rotate': { args: 'root rotate --root-key /none --new-root-key /none/new' },
  'root renew': { args: 'root renew hub-1 --root-key /none' },
  'root grant': { args: 'root grant hub-1 --role issuer --root-key /none' },
  'root annul': { args: 'root annul hub-1 --root-key /none' },
  get: { args: 'get notes/a' },
  put: { args: 'put notes/b {"n":1}' },
  rm: { args: 'rm notes/a' },
  seal: { test: 'test/cli/secrets.test.ts', why: 'reads a value' },
  unseal: { args: 'unseal notes/a' },
  watch: { test: 'test/cli/documents.test.ts', why: 'goes on until it is stopped' },
  'context add': { test: 'test/cli/context.test.ts', why: 'writes a file' },
  'context use': { test: 'test/cli/context.test.ts', why: 'writes a file' },
  'context list': { args: 'context list' },
  'context show': { args: 'context show north' },
  'context rm': { test: 'test/cli/context.test.ts', why: 'writes a file' },
  completion: { test: 'test/cli/completion.test.ts', why: 'writes programs, which are run' },
  help: { args: 'help' },
};

/** One of everything that is shown. */
export function goldenFleet(): FakeSidecar {
  const sidecar = fakeFleet();
  sidecar.command({ kind: 'restart', agent: 'edge-b' });
  sidecar.command({
    kind: 'copy',
    agent: 'edge-a',
    state: CommandState.SUCCEEDED,
    message: 'done',
    progress: { percent: 100 },
  });
  const log = new FakeLog();
  log.complete = true;
  log.add({
    case: 'line',
    value: {
      $typeName: 'holdfast.v1.CommandLogLine',
      seq: 1n,
      stream: CommandLogStream.STDOUT,
      text: 'copied 3 files',
      time: timestampFromMs(FAKE_NOW_MS),
    },
  });
  sidecar.logs.set('command2', log);
  sidecar.kinds.push({ agent: 'edge-a', kinds: [{ kind: 'restart', description: 'begin anew' }] });
  sidecar.tokens.push(fakeToken('edge-9'));
  sidecar.trust.voids = [{ author: 'k3node', ops: 3n, reason: 'nobody', lastDocument: 'notes/a' }];
  sidecar.trust.statements = [new Uint8Array([1, 2, 3])];
  sidecar.trust.declarations = [
    { collection: 'notes', class: 'shared', writers: ['hub', 'agent'] },
  ];
  sidecar.delegations.rows = [
    {
      id: '0a1b',
      delegate: 'edge-7',
      by: 'hub',
      kinds: ['restart'],
      agents: ['edge-8'],
      state: DelegationState.ACTIVE,
      until: timestampFromMs(FAKE_NOW_MS + 3_600_000),
    },
  ];
  sidecar.put('notes', 'a', { text: 'hello' });
  return sidecar;
}
