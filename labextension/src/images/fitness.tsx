import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useState } from 'react';
import { describeError } from '../api';
import { useHub } from '../context';
import { Copyable } from '../copyable';
import { asSentence, joinSentences } from '../sentence';
import type { IFitness, IFitnessItem } from './views';

/** Checks an image when asked to: what it has of what is needed, and what to add. */
export function FitnessCheck(props: {
  help: string;
  ask: () => Promise<IFitness>;
  disabled?: boolean;
}): JSX.Element {
  const { trans } = useHub();
  const [isPending, setPending] = useState(false);
  const [fitness, setFitness] = useState<IFitness | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const check = async (): Promise<void> => {
    setPending(true);
    setProblem(null);
    try {
      setFitness(await props.ask());
    } catch (error) {
      setProblem(describeError(error));
    }
    setPending(false);
  };
  return (
    <section className="jp-TrainHub-fitness" aria-busy={isPending}>
      <p className="jp-TrainHub-fieldHelp">{props.help}</p>
      <button
        className="jp-mod-styled"
        disabled={isPending || props.disabled}
        onClick={() => void check()}
      >
        {fitness ? trans.__('Check again') : trans.__('Check this image')}
      </button>
      <div role="status">
        {isPending && (
          <progress
            className="jp-TrainHub-progress"
            aria-label={trans.__('Checking the image')}
          />
        )}
        {problem !== null && <p className="jp-TrainHub-notice">{problem}</p>}
        {fitness && problem === null && <Uses fitness={fitness} />}
      </div>
      {fitness && problem === null && <Checklist fitness={fitness} />}
    </section>
  );
}

/** What the image is fit for, in words. */
function Uses({ fitness }: { fitness: IFitness }): JSX.Element {
  const { trans } = useHub();
  const words = {
    instance: trans.__('instances'),
    job: trans.__('jobs'),
    mpi: trans.__('MPI'),
    ssh: trans.__('SSH')
  };
  const uses = Object.keys(words) as (keyof typeof words)[];
  const list = (isFit: boolean): string =>
    uses
      .filter(use => fitness.ok[use] === isFit)
      .map(use => words[use])
      .join(trans.__(', '));
  return (
    <p>
      {joinSentences([
        list(true) && trans.__('Fit for %1.', list(true)),
        list(false) && trans.__('Not fit for %1.', list(false))
      ])}
    </p>
  );
}

function Checklist({ fitness }: { fitness: IFitness }): JSX.Element {
  const { trans } = useHub();
  const label = trans.__('What the image has');
  return (
    <>
      <ul className="jp-TrainHub-checklist" aria-label={label}>
        {fitness.items.map(item => (
          <li key={item.name} data-state={item.state}>
            <span className="jp-TrainHub-checkState">
              {stateWord(item.state, trans)}
            </span>
            <span>
              {itemTitle(item, trans)}
              {item.value && <code> {item.value}</code>}
              {item.message && (
                <span className="jp-TrainHub-fieldHelp">
                  {asSentence(item.message)}
                </span>
              )}
              {item.remedy && (
                <code className="jp-TrainHub-remedy">{item.remedy}</code>
              )}
            </span>
          </li>
        ))}
      </ul>
      {fitness.items.some(({ remedy }) => remedy) && (
        <Copyable
          label={trans.__('A Dockerfile that adds what is missing')}
          text={fitness.dockerfile}
        />
      )}
    </>
  );
}

/** What an image may have; names of programs are the same in every language. */
function itemTitle(
  { name, title }: IFitnessItem,
  trans: TranslationBundle
): string {
  const words: Record<string, string> = {
    ipykernel: trans.__('Python kernel'),
    sshd: trans.__('SSH server'),
    'sshd-password': trans.__('SSH login by password'),
    'port-22': trans.__('SSH port'),
    'ssh-client': trans.__('SSH client'),
    sudo: trans.__('sudo without a password'),
    user: trans.__('User name')
  };
  return words[name] ?? title;
}

function stateWord(
  state: IFitnessItem['state'],
  trans: TranslationBundle
): string {
  return {
    ok: trans.__('✓ there'),
    missing: trans.__('✗ missing'),
    wrong: trans.__('✗ wrong'),
    unknown: trans.__('? not known'),
    none: trans.__('– none')
  }[state];
}
