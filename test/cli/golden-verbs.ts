// All verbs: how each is run for its golden outputs, or which test reads its output instead, and why. Those of `root` show what is said where there is no root key.
export type GoldenVerb =
  | {
      readonly args: string;
      /** Lines that say something else, refusals above all: shown once each, as they are. */
      readonly more?: readonly string[];
      /** Files in the folder that a line calls `DIR`, by name; also read under their name alone. */
      readonly files?: Readonly<Record<string, string>>;
      /** False where the verb says the same, or waits, whether or not a sidecar answers. */
      readonly asks?: false;
      /** It goes on until somebody stops it: Ctrl-C comes once this is written. */
      readonly until?: string;
    }
  /** A test that reads the output, and why the fake sidecar is no place for it. */
  | { readonly test: string; readonly why: string };

const OWN_DISK = 'works on a data directory, with no sidecar, and shows what is made at random';

const BUNDLES = {
  ...{ 'whole.hfb': 'whole\n', 'broken.hfb': 'broken\n', 'early.hfb': 'too early\n' },
  'other.txt': 'dear diary\n',
};

export const GOLDEN_VERBS: Readonly<Record<string, GoldenVerb>> = {
  init: { test: 'test/cli/process.test.ts', why: OWN_DISK },
  join: { test: 'test/cli/token.test.ts', why: OWN_DISK },
  run: { test: 'test/cli/process.test.ts', why: OWN_DISK },
  status: { args: 'status' },
  'peers list': { args: 'peers list' },
  'peers add': { args: 'peers add x.example:7677', more: ['peers add hub.example:7677'] },
  'peers rm': { args: 'peers rm hub.example:7677', more: ['peers rm nobody:1'] },
  'peers pause': { args: 'peers pause' },
  'peers resume': { args: 'peers resume hub' },
  'peers receive-only': { args: 'peers receive-only on' },
  'bundle export': {
    args: 'bundle export --since edge-b DIR/new.hfb',
    more: [
      'bundle export DIR/new.hfb',
      'bundle export --since hub DIR/new.hfb',
      'bundle export --since edge-c --max 1k DIR/new.hfb',
      'bundle export --since nobody DIR/new.hfb',
      'bundle export --since nothing.hfb DIR/new.hfb',
      'bundle export DIR/there.hfb',
      'bundle export DIR/no-folder/new.hfb',
    ],
    files: { 'there.hfb': 'whole\n' },
  },
  'bundle import': {
    args: 'bundle import DIR/whole.hfb',
    more: [
      'bundle import --dry-run DIR/whole.hfb',
      'bundle import DIR/broken.hfb',
      'bundle import --dry-run DIR/broken.hfb',
      'bundle import DIR/early.hfb',
      'bundle import DIR/other.txt',
      'bundle import DIR/nothing.hfb',
    ],
    files: BUNDLES,
  },
  'bundle show': {
    args: 'bundle show DIR/whole.hfb',
    more: ['bundle show DIR/broken.hfb', 'bundle show DIR/other.txt'],
    files: BUNDLES,
  },
  'bundle frontier': { args: 'bundle frontier' },
  'agent add': { args: 'agent add edge-8', more: ['agent add edge-a'] },
  'agent rm': { args: 'agent rm edge-8' },
  'agent run': { test: 'test/cli/agent-run.test.ts', why: 'goes on until it is stopped' },
  'access add': { args: 'access add --scope read grafana' },
  'access list': { args: 'access list' },
  'access rm': { args: 'access rm grafana', more: ['access rm nobody'] },
  'key seal': { test: 'test/e2e/sealed-key.test.ts', why: OWN_DISK },
  'key rotate': { args: 'key rotate' },
  repair: { test: 'test/e2e/faults.test.ts', why: OWN_DISK },
  diagnose: {
    args: 'diagnose',
    more: ['diagnose --archive DIR/new.tar.gz', 'diagnose --archive DIR/there.tar.gz'],
    files: { 'there.tar.gz': '' },
    asks: false,
  },
  'audit tail': { args: 'audit tail', more: ['audit tail -n 1', 'audit tail -n none'] },
  'audit verify': {
    test: 'test/e2e/audit.test.ts',
    why: 'checks signatures, which a fake cannot make',
  },
  'audit export': {
    args: 'audit export --out DIR/new.jsonl',
    more: [
      'audit export --out DIR/there.jsonl',
      'audit export --out DIR/there.jsonl --force',
      'audit export --out DIR/new.jsonl --since yesterday',
    ],
    files: { 'there.jsonl': '' },
  },
  demo: { test: 'test/e2e/demo.test.ts', why: 'starts sidecars of its own' },
  members: { args: 'members', more: ['members --presence asleep'] },
  dash: {
    args: 'dash --address http://192.0.2.9:7676',
    more: ['dash', 'dash --no-token --address http://192.0.2.9:7676'],
    files: { '/data/tokens/read-dashboard': 'a-token\n' },
  },
  telemetry: { args: 'telemetry edge-a', more: ['telemetry nobody'] },
  inventory: {
    args: 'inventory',
    more: [
      'inventory edge-a snapshots',
      'inventory edge-a snapshots -o wide',
      'inventory edge-a snapshots -o json',
      'inventory edge-a snapshots -o yaml',
      'inventory edge-c none',
      'inventory edge-b disks',
      'inventory edge-a disks',
      'inventory edge-z',
      'inventory --updates',
      'inventory --updates -o json',
      'inventory --updates edge-z',
      'inventory --updates edge-a snapshots',
    ],
  },
  'config set': {
    args: 'config set north {"mtu":1400} --selector site=north',
    more: [
      'config set own {"proxy":null} --target edge-a --priority 7',
      'config set wifi --target edge-a --secret-file wifi.password=DIR/pw',
      'config set wifi --target edge-a --secret-file wifi.password=DIR/pw -o json',
      'config set a DIR/patch.json --role hub',
      'config set a {} --target edge-a --role hub',
      'config set a {}',
      'config set a --target edge-a',
      'config set a [1] --target edge-a',
      'config set a nothing.json --target edge-a',
      'config set a {} --target edge-a --priority 10',
      'config set wifi --target edge-a --secret-file wifi.password',
      'config set wifi --target edge-a --secret-file wifi.password=nothing',
    ],
    files: { pw: 'hunter2\n', 'patch.json': '{"level": "info"}' },
  },
  'config show': { args: 'config show edge-a' },
  'config list': { args: 'config list', more: ['config list --target edge-a'] },
  'config status': {
    args: 'config status',
    more: [
      'config status edge-b',
      'config status --state failed blocked',
      'config status edge-z',
      'config status --state broken',
    ],
  },
  'config rm': {
    args: 'config rm own --target edge-a',
    more: ['config rm north', 'config rm nothing', 'config rm own'],
  },
  'cmd run': {
    args: 'cmd run --target edge-b restart',
    more: ['cmd run restart', 'cmd run --target edge-b restart [1]'],
  },
  'cmd list': { args: 'cmd list' },
  'cmd show': { args: 'cmd show command2', more: ['cmd show nothing'] },
  'cmd wait': { args: 'cmd wait command2', more: ['cmd wait nothing'] },
  'cmd cancel': {
    args: 'cmd cancel command2',
    more: ['cmd cancel nothing'],
  },
  'cmd logs': { args: 'cmd logs command2', more: ['cmd logs nothing'] },
  'cmd explain': { args: 'cmd explain command1', more: ['cmd explain nothing'] },
  'cmd kinds': { args: 'cmd kinds' },
  'delegate create': {
    args: 'delegate create --to edge-7 --kinds restart --agents edge-8 --until 12h',
  },
  'delegate list': { args: 'delegate list' },
  'delegate revoke': { args: 'delegate revoke 0a1b --reason over' },
  'explain doc': {
    args: 'explain doc notes/a',
    more: ['explain doc notes/gone', 'explain doc notes'],
  },
  'explain peer': { args: 'explain peer edge-7' },
  'trust members': { args: 'trust members' },
  'trust export': {
    args: 'trust export --out DIR/trust.txt',
    more: ['trust export --out -', 'trust export --out DIR/no-folder/trust.txt'],
  },
  'trust import': {
    test: 'test/cli/trust.test.ts',
    why: 'takes statements that were signed, which a fake cannot make',
  },
  'trust voids': { args: 'trust voids' },
  'trust clear-fork': { args: 'trust clear-fork hub' },
  'token create': { args: 'token create --name edge-7 --role agent' },
  'token list': { args: 'token list' },
  'token revoke': { args: 'token revoke 0a1b2c3d', more: ['token revoke nothing'] },
  'token approve': { args: 'token approve 0a1b2c3d --fingerprint k3x9q2ab' },
  'token grant': {
    args: 'token grant DIR/request --out DIR/reply',
    more: ['token grant DIR/nothing --out DIR/reply'],
    files: { request: 'a request' },
  },
  'member grant': { args: 'member grant edge-7 --agent edge-8' },
  eject: {
    args: 'eject edge-7 --reason stolen --dry-run',
    more: ['eject edge-7 --reason stolen', 'eject edge-7'],
  },
  'policy show': { args: 'policy show' },
  'policy set': {
    args: 'policy set policy.yaml --yes',
    more: [
      'policy set policy.yaml --dry-run',
      'policy set policy.yaml',
      'policy set list.yaml --yes',
      'policy set word.yaml --yes',
      'policy set nothing.yaml --yes',
    ],
    files: {
      'policy.yaml':
        'notes: {class: shared, writers: [hub]}\nplans: {class: shared, writers: [hub]}',
      'list.yaml': '- notes',
      'word.yaml': 'notes: {class: shared, readers: [hub]}',
    },
  },
  'root rotate': { args: 'root rotate --root-key /none --new-root-key /none/new' },
  'root renew': { args: 'root renew hub-1 --root-key /none' },
  'root grant': { args: 'root grant hub-1 --role issuer --root-key /none' },
  'root annul': { args: 'root annul hub-1 --root-key /none' },
  get: { args: 'get notes/a', more: ['get notes', 'get notes/nothing', 'get nothing'] },
  put: { args: 'put notes/b {"n":1}', more: ['put notes/b {"n":', 'put notes {}'] },
  rm: { args: 'rm notes/a', more: ['rm notes/nothing', 'rm notes'] },
  seal: {
    args: 'seal notes/a wifi.password --for edge-a --value-file DIR/pw',
    more: ['seal notes/a wifi.password --for edge-a --value-file DIR/nothing'],
    files: { pw: 'hunter2' },
  },
  unseal: { args: 'unseal notes/a', more: ['unseal notes/nothing'] },
  watch: { args: 'watch notes', until: 'synced' },
  'context add': {
    args: 'context add south --address http://192.0.2.10:7676 --use',
    more: [
      'context add south --data-dir /srv/south',
      'context add lab --data-dir /srv/other',
      'context add south',
      'context add south --address http://192.0.2.10:7676 --data-dir /srv/south',
      'context add south --address nowhere',
    ],
    asks: false,
  },
  'context use': { args: 'context use north', more: ['context use nothing'], asks: false },
  'context list': { args: 'context list', asks: false },
  'context show': { args: 'context show north', more: ['context show nothing'], asks: false },
  'context rm': {
    args: 'context rm north',
    more: ['context rm lab', 'context rm nothing'],
    asks: false,
  },
  completion: { test: 'test/cli/completion.test.ts', why: 'writes programs, which are run' },
  help: { args: 'help', more: ['help nothing', 'help cmd run'], asks: false },
};
