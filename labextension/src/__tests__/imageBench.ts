import { CommandArguments, CommandIDs } from '../commands';
import type { IHubContext } from '../context';
import { hubContext } from './hub';
import { catalogue } from './imageViews';
import { RequestTable, type IAnswer } from './requestTable';
import { STATUS, instance } from './views';

/** A hub with the instance "desk", whose server and registry answer from a table. */
export class ImageBench {
  constructor(answers: Record<string, IAnswer | (() => IAnswer)> = {}) {
    this.table = new RequestTable({
      'GET status': { body: STATUS },
      'GET instances': { body: { items: [instance('desk')] } },
      'GET jobs': { body: { items: [] } },
      'GET tensorboards': { body: { items: [] } },
      'GET transfers': { body: { items: [] } },
      'GET images': { body: catalogue() },
      ...answers
    });
    this.hub = hubContext(this.table);
    for (const id of Object.values(CommandIDs)) {
      this.hub.commands.addCommand(id, {
        label: id,
        describedBy: { args: CommandArguments.none },
        execute: args =>
          void this.executed.push(`${id.split(':')[1]} ${JSON.stringify(args)}`)
      });
    }
  }

  readonly table: RequestTable;
  readonly hub: IHubContext;
  /** The commands that were executed, with what they were given. */
  readonly executed: string[] = [];

  /** The requests so far that match, without their queries. */
  asked(pattern: RegExp): string[] {
    return this.table.asked
      .map(request => request.split('?')[0])
      .filter(request => pattern.test(request));
  }
}
