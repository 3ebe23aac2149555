import { ApiError } from '../api';
import { joinCommandLine, splitCommandLine } from '../form/commandLine';
import { formErrors } from '../form/errors';
import { fieldLabels, localizeSchema } from '../form/labels';
import { SpecFormModel } from '../form/model';
import { formatParameter, parseParameter } from '../form/parameter';
import { freeName, nameFromPath, withoutBlanks } from '../form/spec';
import { trans } from './requestTable';

function refusal(causes: { field: string; message: string }[]): ApiError {
  return new ApiError(
    causes[0].message,
    'Invalid',
    { field: causes[0].field, remedy: 'Do this.', causes },
    422
  );
}

describe('formErrors', () => {
  const shown = ['name', 'nodes', 'mounts', 'env'];

  it('puts each cause at its field, however deep', () => {
    const errors = formErrors(
      refusal([
        { field: 'name', message: 'use letters' },
        { field: 'mounts.0.path', message: 'a value is needed' }
      ]),
      shown,
      ['env']
    );
    expect(errors.fields).toEqual({
      name: { __errors: ['Use letters. Do this.'] },
      mounts: { 0: { path: { __errors: ['A value is needed.'] } } }
    });
    expect(errors.names).toEqual(['name', 'mounts']);
    expect(errors.general).toBeNull();
  });

  it('puts what is wrong inside a field with an editor of its own at that field', () => {
    const errors = formErrors(
      refusal([{ field: 'env.RANK', message: 'RANK is set by TrainHub' }]),
      shown,
      ['env']
    );
    expect(errors.fields).toEqual({
      env: { __errors: ['RANK is set by TrainHub. Do this.'] }
    });
  });

  it('tells what belongs to no field of the form', () => {
    const errors = formErrors(
      refusal([{ field: 'notebook', message: 'it does not parse' }]),
      shown,
      []
    );
    expect(errors.names).toEqual([]);
    expect(errors.general).toBe('notebook: It does not parse. Do this.');
  });

  it('understands a refusal with a field and without causes, and one without either', () => {
    const taken = new ApiError('it is taken', 'AlreadyExists', {
      field: 'name'
    });
    expect(formErrors(taken, shown, []).names).toEqual(['name']);
    const down = new ApiError('the cluster is down', 'ClusterUnavailable', {});
    expect(formErrors(down, shown, []).general).toBe('The cluster is down.');
  });
});

describe('SpecFormModel', () => {
  const schema = async () => ({
    properties: {
      name: { type: 'string' as const },
      cpus: { type: 'number' as const, default: 2 },
      command: { type: 'array' as const }
    }
  });

  it('begins with the defaults of the site under its own values', async () => {
    const model = new SpecFormModel({ name: 'train' }, ['command']);
    await model.load(schema);
    expect(model.data).toEqual({ name: 'train', cpus: 2 });
    expect(Object.keys(model.schema?.properties ?? {})).toEqual([
      'name',
      'cpus'
    ]);
  });

  it('keeps what is typed when the server refuses it', async () => {
    const model = new SpecFormModel({ name: 'train' });
    await model.load(schema);
    model.data = { name: 'x y', cpus: 8 };
    const sent = await model.submit(() =>
      Promise.reject(refusal([{ field: 'name', message: 'no blanks' }]))
    );
    expect(sent).toBeNull();
    expect(model.data).toEqual({ name: 'x y', cpus: 8 });
    expect(model.errors.names).toEqual(['name']);
    expect(model.isSubmitting).toBe(false);
  });

  it('says why there is no form', async () => {
    const model = new SpecFormModel({});
    await model.load(() => Promise.reject(new ApiError('it is down', 'X')));
    expect(model.schema).toBeNull();
    expect(model.problem).toBe('It is down.');
  });
});

describe('localizeSchema', () => {
  it('labels fields at any depth and leaves unknown ones as they are', () => {
    const localized = localizeSchema(
      {
        properties: {
          cpus: { title: 'x', default: 1 },
          mystery: { title: 'Mystery' }
        },
        $defs: { Mount: { properties: { claim: { title: 'x' } } } }
      },
      fieldLabels(trans)
    );
    expect(localized.properties).toMatchObject({
      cpus: { title: 'CPUs', default: 1 },
      mystery: { title: 'Mystery' }
    });
    expect(localized.$defs?.Mount).toMatchObject({
      properties: { claim: { title: 'Claim' } }
    });
  });
});

describe('withoutBlanks', () => {
  it('leaves out what was left empty, at any depth', () => {
    expect(
      withoutBlanks({
        name: 'x',
        image: '',
        gpus: 0,
        mounts: [{ path: '/data', claim: '', read_only: false, nfs: {} }],
        env: { EMPTY: '' },
        parameters: {}
      })
    ).toEqual({
      name: 'x',
      gpus: 0,
      mounts: [{ path: '/data', read_only: false }],
      env: { EMPTY: '' }
    });
  });
});

describe('names', () => {
  it('are made of paths', () => {
    expect(nameFromPath('runs/My model.v2.ipynb')).toBe('My-model-v2');
    expect(nameFromPath('训练.ipynb')).toBe('job');
  });

  it('are made free', () => {
    expect(freeName('a', new Set())).toBe('a');
    expect(freeName('a', new Set(['a', 'a-2']))).toBe('a-3');
    expect(freeName('a-2', new Set(['a-2']))).toBe('a-3');
  });
});

describe('command line', () => {
  it.each([
    ['python train.py --epochs=10', ['python', 'train.py', '--epochs=10']],
    [`echo 'a b' "c $X" d\\ e ''`, ['echo', 'a b', 'c $X', 'd e', '']],
    ['a \\\n  b', ['a', 'b']],
    [`"say \\"hi\\"" '\\n' "\\n"`, ['say "hi"', '\\n', '\\n']],
    ['   ', []]
  ])('takes %j apart', (line, words) => {
    expect(splitCommandLine(line)).toEqual({ words, unclosed: false });
  });

  it('notices a quotation that is not closed', () => {
    expect(splitCommandLine(`python 'train`).unclosed).toBe(true);
  });

  it.each([
    [['python', '-c', 'print("it\'s")', '', '$HOME/x']],
    [['a\nb', '*', '~', 'x;y']]
  ])('puts %j together so that it can be taken apart', words => {
    expect(splitCommandLine(joinCommandLine(words)).words).toEqual(words);
  });
});

describe('parameters', () => {
  it.each([
    ['0.01', 0.01],
    ['true', true],
    ['[1, 2]', [1, 2]],
    ['adam', 'adam'],
    ['"0.01"', '0.01']
  ])('reads %j', (text, value) => {
    expect(parseParameter(text)).toEqual(value);
  });

  it.each([0.5, null, 'adam', '0.01', 'true', [1], { a: 'b' }])(
    'writes %j so that it can be read',
    value => {
      expect(parseParameter(formatParameter(value))).toEqual(value);
    }
  );
});
