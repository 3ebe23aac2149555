import { FormComponent } from '@jupyterlab/ui-components';
import type { UiSchema } from '@rjsf/utils';
import React, { useId, useMemo } from 'react';
import { useHub } from '../context';
import { useSignal } from '../useSignal';
import type { Spec } from '../views';
import { CommandField, EnvironmentField, ParametersField } from './fields';
import { ImageField } from './imageField';
import { fieldLabels, localizeSchema, type IFieldLabel } from './labels';
import type { SpecFormModel } from './model';
import { NameField } from './nameField';
import { serverValidator } from './serverValidator';
import { StoragesField } from './storagesField';
import {
  ArrayFieldTemplate,
  FieldTemplate,
  ID_SEPARATOR,
  ObjectFieldTemplate
} from './templates';

/** The order of the fields; what is not listed follows. */
const ORDER = [
  'name',
  'notebook',
  'command',
  'framework',
  'nodes',
  'processes_per_node',
  'cpus',
  'memory',
  'gpus',
  'gpu_model',
  'shared_memory',
  'image',
  'storages',
  'parameters',
  'env'
];

/** Fields of a job that most people leave as they are. */
export const ADVANCED = [
  'description',
  'image',
  'gpu_model',
  'shared_memory',
  'storages',
  'env',
  'mounts',
  'working_dir',
  'host_network',
  'always_pull',
  'time_limit',
  'processes_per_node'
];

const FIELDS = {
  CommandField,
  EnvironmentField,
  ImageField,
  NameField,
  ParametersField,
  StoragesField
};

/** The fields that have an editor of ours. */
const EDITORS = {
  name: 'NameField',
  image: 'ImageField',
  storages: 'StoragesField',
  command: 'CommandField',
  env: 'EnvironmentField',
  parameters: 'ParametersField'
};

const TEMPLATES = { FieldTemplate, ObjectFieldTemplate, ArrayFieldTemplate };

/** The form of a spec, with the button that sends it. */
export function SpecForm(props: {
  model: SpecFormModel;
  submitLabel: string;
  onSubmit: () => void;
  /** Whether the spec cannot be sent at the moment. */
  disabled?: boolean;
  /** Labels that say more than the general ones do. */
  labels?: Record<string, IFieldLabel>;
  /** Names of the fields that are folded away. */
  advanced?: readonly string[];
  /** Names of the fields that cannot be changed. */
  fixed?: readonly string[];
  /** What stands beside the button that sends the spec. */
  children?: React.ReactNode;
}): JSX.Element | null {
  const { trans } = useHub();
  const { model, labels, advanced = ADVANCED, fixed = ['notebook'] } = props;
  useSignal(model.changed);
  const { schema, errors } = model;
  const localized = useMemo(
    () =>
      schema && localizeSchema(schema, { ...fieldLabels(trans), ...labels }),
    [schema, trans, labels]
  );
  const idPrefix = useId().replace(/:/g, '');
  const formContext = useMemo(
    () => ({ trans, advanced, faulty: errors.names }),
    [trans, advanced, errors]
  );
  if (!schema || !localized) {
    return null;
  }
  const shown = Object.keys(schema.properties ?? {});
  const uiSchema: UiSchema<Spec> = {
    'ui:order': [...ORDER.filter(name => shown.includes(name)), '*'],
    ...Object.fromEntries(
      Object.entries(EDITORS).map(([name, field]) => [
        name,
        { 'ui:field': field, 'ui:readonly': fixed.includes(name) }
      ])
    ),
    notebook: { 'ui:readonly': fixed.includes('notebook') }
  };
  return (
    <div className="jp-TrainHub-specForm">
      <FormComponent
        schema={localized}
        uiSchema={uiSchema}
        formData={model.data}
        formContext={formContext}
        fields={FIELDS}
        templates={TEMPLATES}
        idPrefix={`trainhub-${idPrefix}`}
        idSeparator={ID_SEPARATOR}
        validator={serverValidator}
        extraErrors={errors.fields}
        noValidate
        noHtml5Validate
        showErrorList={false}
        experimental_defaultFormStateBehavior={{
          emptyObjectFields: 'skipEmptyDefaults',
          arrayMinItems: { populate: 'never' }
        }}
        onChange={({ formData }) => {
          model.data = formData ?? {};
        }}
        onSubmit={props.onSubmit}
      >
        <div className="jp-TrainHub-formEnd">
          {errors.general && (
            <p className="jp-TrainHub-formError" role="alert">
              {errors.general}
            </p>
          )}
          {!errors.general && errors.names.length > 0 && (
            <p className="jp-TrainHub-formError" role="alert">
              {trans.__('Correct the marked fields.')}
            </p>
          )}
          <div className="jp-TrainHub-formButtons">
            <button
              type="submit"
              className="jp-mod-styled jp-mod-accept"
              disabled={props.disabled || model.isSubmitting}
            >
              {props.submitLabel}
            </button>
            {props.children}
          </div>
        </div>
      </FormComponent>
    </div>
  );
}
