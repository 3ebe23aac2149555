import { Poll } from '@lumino/polling';
import React, { useEffect, useState } from 'react';
import { describeError } from '../api';
import { useHub, useStore } from '../context';
import { formatBytes, formatBytesOf, formatCount } from '../quantity';
import type { ICapacity, INode } from '../views';

/** Milliseconds between two looks at the nodes while the section is open. */
const INTERVAL = 30_000;

/** How much of each node is free and used. */
export function ClusterSection(): JSX.Element {
  const { trans } = useHub();
  const store = useStore();
  const { nodes, problem } = useNodes();
  const cluster = store.status?.cluster;
  return (
    <div className="jp-TrainHub-cluster">
      {cluster && (
        <p className="jp-TrainHub-clusterName">
          {cluster.embedded
            ? trans.__('Embedded cluster')
            : (cluster.name ?? cluster.server)}
          {cluster.namespace && ` · ${cluster.namespace}`}
        </p>
      )}
      {problem && <p className="jp-TrainHub-empty">{problem}</p>}
      {nodes?.length === 0 && (
        <p className="jp-TrainHub-empty">
          {trans.__('The cluster has no nodes that you may see.')}
        </p>
      )}
      <ul className="jp-TrainHub-list" aria-label={trans.__('Nodes')}>
        {nodes?.map(node => (
          <Node key={node.name} node={node} />
        ))}
      </ul>
    </div>
  );
}

function Node({ node }: { node: INode }): JSX.Element {
  const { trans } = useHub();
  return (
    <li className="jp-TrainHub-node" data-trainhub-node={node.name}>
      <div className="jp-TrainHub-nodeName">
        {node.name}
        {!node.ready && (
          <span className="jp-TrainHub-nodeState">{trans.__('not ready')}</span>
        )}
      </div>
      <Meter
        node={node.name}
        label={trans.__('CPU')}
        capacity={node.cpu}
        format={formatCount}
      />
      <Meter
        node={node.name}
        label={trans.__('Memory')}
        capacity={node.memory}
        format={formatBytes}
        formatFree={formatBytesOf}
      />
      {node.gpu.allocatable > 0 && (
        <Meter
          node={node.name}
          label={trans.__('GPU')}
          capacity={node.gpu}
          format={formatCount}
          title={node.gpu.model ?? undefined}
        />
      )}
    </li>
  );
}

function Meter(props: {
  node: string;
  label: string;
  capacity: ICapacity;
  format: (amount: number) => string;
  /** Writes what is free, when the unit is told by the total. */
  formatFree?: (amount: number, total: number) => string;
  title?: string;
}): JSX.Element {
  const { trans } = useHub();
  const { node, label, format, formatFree = format } = props;
  const { allocatable, requested } = props.capacity;
  const share = allocatable > 0 ? Math.min(1, requested / allocatable) : 0;
  const free = formatFree(Math.max(0, allocatable - requested), allocatable);
  const text = trans.__('%1 of %2 free', free, format(allocatable));
  return (
    <div className="jp-TrainHub-meterRow" title={props.title}>
      <span className="jp-TrainHub-meterLabel">{label}</span>
      <div
        className="jp-TrainHub-meter"
        role="meter"
        aria-label={trans.__('%1 of node %2', label, node)}
        aria-valuemin={0}
        aria-valuemax={allocatable}
        aria-valuenow={requested}
        aria-valuetext={text}
        data-level={share >= 0.9 ? 'high' : undefined}
      >
        <div style={{ width: `${100 * share}%` }} />
      </div>
      <span className="jp-TrainHub-meterText">{text}</span>
    </div>
  );
}

/**
 * The nodes, fetched while the section is shown: when it is opened, when something that runs on
 * them has changed, and now and then.
 */
function useNodes(): { nodes: INode[] | null; problem: string | null } {
  const { api, store } = useHub();
  const [nodes, setNodes] = useState<INode[] | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const state = store.status?.cluster.state;
  useEffect(() => {
    if (state !== 'ready') {
      return;
    }
    const poll = new Poll({
      factory: async () => {
        try {
          const found = await api.nodes({ background: true });
          setNodes(found);
          setProblem(null);
        } catch (error) {
          setProblem(describeError(error));
          throw error;
        }
      },
      frequency: { interval: INTERVAL, backoff: true, max: 10 * INTERVAL },
      name: 'jupyter_trainhub:nodes',
      standby: 'when-hidden'
    });
    const refresh = (): void => void poll.refresh();
    store.objectChanged.connect(refresh);
    return () => {
      store.objectChanged.disconnect(refresh);
      poll.dispose();
    };
  }, [api, store, state]);
  return { nodes, problem };
}
