import { FormComponent } from '@jupyterlab/ui-components';
import type { UiSchema } from '@rjsf/utils';
import React, { useId, useMemo } from 'react';
import { useHub } from '../context';
import { useSignal } from '../useSignal';
import type { Spec } from '../views';
import { CommandField, EnvironmentField, ParametersField } from './fields';
import { fieldLabels, localizeSchema } from './labels';
import type { SpecFormModel } from './model';
import { serverValidator } from './serverValidator';
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
  'parameters'
];

/** Fields that most people leave as they are. */
const ADVANCED = [
  'description',
  'image',
  'shared_memory',
  'env',
  'mounts',
  'working_dir',
  'time_limit',
  'processes_per_node'
];

const FIELDS = { CommandField, EnvironmentField, ParametersField };

const TEMPLATES = { FieldTemplate, ObjectFieldTemplate, ArrayFieldTemplate };

/** The form of a spec, with the button that sends it. */
export function SpecForm(props: {
  model: SpecFormModel;
  submitLabel: string;
  onSubmit: () => void;
}): JSX.Element | null {
  const { trans } = useHub();
  const { model } = props;
  useSignal(model.changed);
  const { schema, errors } = model;
  const localized = useMemo(
    () => schema && localizeSchema(schema, fieldLabels(trans)),
    [schema, trans]
  );
  const idPrefix = useId().replace(/:/g, '');
  const formContext = useMemo(
    () => ({ trans, advanced: ADVANCED, faulty: errors.names }),
    [trans, errors]
  );
  if (!schema || !localized) {
    return null;
  }
  const shown = Object.keys(schema.properties ?? {});
  const uiSchema: UiSchema<Spec> = {
    'ui:order': [...ORDER.filter(name => shown.includes(name)), '*'],
    command: { 'ui:field': 'CommandField' },
    env: { 'ui:field': 'EnvironmentField' },
    parameters: { 'ui:field': 'ParametersField' },
    notebook: { 'ui:readonly': true }
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
          <button
            type="submit"
            className="jp-mod-styled jp-mod-accept"
            disabled={model.isSubmitting}
          >
            {props.submitLabel}
          </button>
        </div>
      </FormComponent>
    </div>
  );
}
