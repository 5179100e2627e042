// What a change of keys has to tell an operator, at the node itself and at the hubs.
import { formatNodeId, type Hash } from '../../core/index.ts';
import type { Log } from '../log.ts';

export type RotationReport =
  /** Of this node, with the id it will have. */
  | { readonly type: 'rotation-asked' | 'rotation-certified'; readonly nodeId: string }
  /** This node goes on under another key, with the id it had before. */
  | { readonly type: 'rotated'; readonly nodeId: string }
  | {
      readonly type: 'rotation-granted';
      readonly name: string;
      readonly nodeId: string;
      /** Node id that it takes the place of. */
      readonly old: string;
    }
  | {
      readonly type: 'rotation-refused';
      readonly name: string;
      readonly nodeId: string;
      readonly detail: string;
    }
  | { readonly type: 'key-retired'; readonly name: string; readonly nodeId: string };

export function isRotation(report: { readonly type: string }): report is RotationReport {
  return report.type === 'key-retired' || report.type.startsWith('rotat');
}

/** Writes a report to the log. */
export function logRotation(log: Log, hash: Hash, report: RotationReport): void {
  const nodeId = formatNodeId(report.nodeId, hash);
  switch (report.type) {
    case 'rotation-asked':
      return log.warn('rotation.asked', { nodeId }, 'another key for this node is asked for');
    case 'rotation-certified':
      return log.warn(
        'rotation.certified',
        { nodeId },
        'the next key of this node is certified; restart the sidecar to go on with it',
      );
    case 'rotated':
      return log.warn('rotation.done', { nodeId }, `this node has another key than ${nodeId}`);
    case 'rotation-granted': {
      const { name } = report;
      const old = formatNodeId(report.old, hash);
      return log.warn('rotation.granted', { name, nodeId, old }, `${name} may take another key`);
    }
    case 'rotation-refused': {
      const { name, detail } = report;
      const message = `${name} gets no other key: ${detail}`;
      return log.warn('rotation.refused', { name, nodeId, detail }, message);
    }
    case 'key-retired': {
      const { name } = report;
      return log.warn('rotation.retired', { name, nodeId }, `the old key of ${name} was put out`);
    }
  }
}
