// What the first screen of the help says of each verb, in a few words; and examples of verbs whose group has only some.
import type { Command } from 'commander';
import { type Example, examplesOf, withExamples } from './client-command.ts';
import { TOPICS } from './topics.ts';
import { everyVerb } from './verb-tree.ts';

/** The descriptions say more; these fit into a line. */
const SUMMARIES: Readonly<Record<string, string>> = {
  init: 'found a fleet, or make or join an open one',
  join: 'become a member of a fleet with certificates',
  run: 'run the sidecar of this machine',
  status: 'this sidecar, the other members, and what is wrong',
  peers: 'show and change its links',
  bundle: 'carry what the fleet wrote in files, where there is no link',
  agent: 'be an agent, or serve another one',
  access: 'who may look at this sidecar, or command through it',
  key: 'how the key of this node lies on the disk, or another key',
  repair: 'check and mend the store of a stopped sidecar',
  diagnose: 'all that helps to find what is wrong, without secrets',
  audit: 'what was done here and by whom',
  demo: 'a hub and a site on this machine, cut and healed',
  members: 'the agents of the fleet: presence, age, figures',
  telemetry: "what was measured of an agent's host, as plots",
  inventory: 'what agents report of what they have',
  config: 'push configuration, and see whether it is in effect',
  cmd: 'send commands to agents, and see what became of them',
  delegate: 'let a member issue some commands, with no hub in reach',
  explain: 'why a document or a peer is as it is',
  trust: 'who is a member, and what is signed about it',
  token: 'let devices in: tokens good for one device, once',
  member: 'change what one member may do',
  eject: 'put a member out for good',
  policy: 'which collections the fleet has, and who writes them',
  root: 'what only the root key may do',
  get: 'print a document',
  put: 'write a document',
  rm: 'delete a document everywhere',
  seal: 'write a value that only one agent can read',
  unseal: 'print a document with its sealed values',
  watch: 'documents as they are and as they change',
  context: 'names for sidecars',
  completion: 'a script with which a shell completes words',
  help: 'help for a verb, or a topic of the docs',
};

const EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
  key: [['holdfast key seal --print', 'how does the key lie on the disk?']],
  policy: [['holdfast policy show', 'which collections are there?']],
  root: [['holdfast root rotate --help', 'each asks for the file of the root key']],
  'peers list': [['holdfast peers list -o wide', 'with classes, budgets and who named them']],
  'peers add': [['holdfast peers add hub.example:7677', 'dial it, for ever']],
  'peers rm': [['holdfast peers rm hub.example:7677', 'not any more']],
  'peers pause': [['holdfast peers pause', 'nothing goes out or comes in, also after a restart']],
  'peers resume': [['holdfast peers resume', 'dial everybody now']],
  'peers receive-only': [['holdfast peers receive-only on', 'hear commands, tell nothing']],
  'bundle show': [['holdfast bundle show to-north.hfb', 'who made it, and what is in it?']],
  'bundle frontier': [['holdfast bundle frontier', 'a short text for the other side']],
  'agent add': [['holdfast agent add edge-8', 'its token is in the file that is printed']],
  'agent rm': [['holdfast agent rm edge-8', 'its documents stay']],
  'access add': [['holdfast access add --scope read grafana', 'a token for a dashboard']],
  'access list': [['holdfast access list', 'who has one?']],
  'access rm': [['holdfast access rm grafana', 'not any more']],
  'token create': [
    ['holdfast token create --name edge-7 --role agent > edge-7.token', 'for one device, once'],
  ],
  'token list': [['holdfast token list', 'who has come, and who waits?']],
  'token revoke': [['holdfast token revoke ID', 'it lets nobody in any more']],
  'token approve': [['holdfast token approve ID --fingerprint 4F7K-PM2Q', 'what the device shows']],
  'token grant': [
    ['holdfast token grant edge-9.request --out edge-9.reply', 'for a device without a link'],
  ],
  'member grant': [['holdfast member grant edge-7 --agent edge-8', 'it serves one more agent']],
  'explain doc': [['holdfast explain doc config/edge-7', 'who wrote it, and who has it?']],
  'explain peer': [['holdfast explain peer hub', 'why is there no link?']],
  'trust members': [['holdfast trust members', 'who is in, and until when?']],
  'trust export': [['holdfast trust export --out harbour.trust', 'for a site without a link']],
  'trust import': [['holdfast trust import harbour.trust', 'twice does no harm']],
  'trust voids': [['holdfast trust voids', 'what came and counts for nobody?']],
  'trust clear-fork': [['holdfast trust clear-fork hub-2', 'after you know who has its key']],
  'policy show': [['holdfast policy show -o yaml > policy.yaml', 'to change it and set it again']],
  'delegate list': [['holdfast delegate list', 'who may what, until when?']],
  'delegate revoke': [['holdfast delegate revoke ID', 'not any more']],
  'root renew': [['holdfast root renew hub-1 --help', 'another certificate']],
};

/** Done when all verbs are there. A verb that has no line here shows its description. */
export function describeVerbs(program: Command): void {
  for (const { path, command } of everyVerb(program)) {
    const summary = SUMMARIES[path];
    if (summary !== undefined) command.summary(summary);
    const examples = EXAMPLES[path];
    if (examples !== undefined && examplesOf(command).length === 0) withExamples(command, examples);
  }
  const width = Math.max(...TOPICS.map(({ name }) => name.length));
  const topics = TOPICS.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}`);
  withExamples(program, [
    ['holdfast demo', 'see it work'],
    ['holdfast status', 'is everything well?'],
    ['holdfast cmd run --help', 'all about one verb'],
  ]);
  program.addHelpText('after', `\nTopics, with \`holdfast help TOPIC\`:\n${topics.join('\n')}`);
}
