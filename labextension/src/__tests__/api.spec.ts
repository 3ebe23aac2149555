import { ApiError } from '../api';
import { RequestTable } from './requestTable';
import { STATUS, instance } from './views';

async function errorOf(promise: Promise<unknown>): Promise<ApiError> {
  return promise.then(
    () => {
      throw new Error('It should have been refused');
    },
    (error: ApiError) => error
  );
}

describe('TrainHubApi', () => {
  it('tells the command to run when the server half is missing', async () => {
    const error = await errorOf(new RequestTable({}).api.schemas());
    expect(error.reason).toBe('ServerExtensionMissing');
    expect(error.message).toContain('jupyter server extension list');
  });

  it('does not take a missing object for a missing server half', async () => {
    const { api } = new RequestTable({
      'GET jobs/x': {
        status: 404,
        body: { message: 'there is no job x', reason: 'NotFound', details: {} }
      }
    });
    expect((await errorOf(api.jobs.get('x'))).reason).toBe('NotFound');
  });

  it('keeps message, reason, details and remedy of a refusal', async () => {
    const { api } = new RequestTable({
      'POST instances': {
        status: 409,
        body: {
          message: 'an instance called lab exists',
          reason: 'AlreadyExists',
          details: { field: 'name', remedy: 'Choose another name.', causes: [] }
        }
      }
    });
    const error = await errorOf(api.instances.create({ name: 'lab' }));
    expect(error).toBeInstanceOf(ApiError);
    expect(error.status).toBe(409);
    expect(error.reason).toBe('AlreadyExists');
    expect(error.details.field).toBe('name');
    expect(error.advice).toBe(
      'An instance called lab exists. Choose another name.'
    );
  });

  it('has something to say of a refusal that is not JSON', async () => {
    const { api } = new RequestTable({
      'GET jobs': { status: 502, body: '<html>Bad gateway</html>' }
    });
    const error = await errorOf(api.jobs.list());
    expect(error.status).toBe(502);
    expect(error.message).toContain('502');
  });

  it('marks background requests, so that they do not count as activity', async () => {
    const table = new RequestTable({
      'GET status': { body: STATUS },
      'GET instances': { body: { items: [instance('lab')] } }
    });
    await table.api.status({ background: true });
    expect(await table.api.instances.list()).toEqual([instance('lab')]);
    expect(table.asked).toEqual([
      'GET status?no_track_activity=1',
      'GET instances'
    ]);
  });

  it('tells what is wrong with the cluster as a sentence', async () => {
    const message = 'the cluster does not answer';
    const { api } = new RequestTable({
      'GET status': {
        body: { ...STATUS, cluster: { ...STATUS.cluster, message } }
      }
    });
    expect((await api.status()).cluster.message).toBe(
      'The cluster does not answer.'
    );
  });

  it('escapes names in addresses', async () => {
    const table = new RequestTable({ 'DELETE jobs/a%2Fb': { status: 204 } });
    await table.api.jobs.delete('a/b');
    expect(table.asked).toEqual(['DELETE jobs/a%2Fb']);
  });

  it('puts the address of an application below the base URL', () => {
    const { api } = new RequestTable({});
    expect(api.address('trainhub/tensorboards/1/')).toBe(
      'http://localhost/user/a%40b/trainhub/tensorboards/1/'
    );
  });
});
