import { FormComponent } from '@jupyterlab/ui-components';
import type { RegistryFieldsType, UiSchema } from '@rjsf/utils';
import React, { useId, useMemo } from 'react';
import { useHub } from '../context';
import { useSignal } from '../useSignal';
import type { Spec } from '../views';
import { ChoiceField } from './choiceField';
import { ComputedField } from './computedField';
import { DurationField } from './durationField';
import { CommandField, EnvironmentField, ParametersField } from './fields';
import { ImageField } from './imageField';
import { fieldLabels, localizeSchema, type IFieldLabel } from './labels';
import type { SpecFormModel } from './model';
import { NameField } from './nameField';
import { serverValidator } from './serverValidator';
import { StoragesField } from './storagesField';
import { SuggestionField } from './suggestionField';
import {
  ArrayFieldTemplate,
  FieldTemplate,
  ID_SEPARATOR,
  ObjectFieldTemplate,
  type IFold
} from './templates';

/** The order of the fields; what is not listed follows. */
const ORDER = [
  'name',
  'notebook',
  'command',
  'args',
  'parameters',
  'framework',
  'nodes',
  'processes_per_node',
  'virtual_cluster',
  'skus',
  'cpus',
  'memory',
  'gpus',
  'gpu_model',
  'shared_memory',
  'image',
  'category',
  'priority',
  'project',
  'checkpoint_volume',
  'model_volume',
  'storages',
  'mounts',
  'time_limit',
  'estimated_time',
  'restarts',
  'peer_timeout',
  'ssh',
  'ib_network',
  'env'
];

const FIELDS = {
  ChoiceField,
  CommandField,
  ComputedField,
  DurationField,
  EnvironmentField,
  ImageField,
  NameField,
  ParametersField,
  StoragesField,
  SuggestionField
};

/** The fields that have an editor of ours. */
const EDITORS = {
  name: 'NameField',
  image: 'ImageField',
  storages: 'StoragesField',
  command: 'CommandField',
  args: 'CommandField',
  env: 'EnvironmentField',
  parameters: 'ParametersField'
};

const NO_FOLDS: readonly IFold[] = [];

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
  /** The fields that are folded away. */
  folds?: readonly IFold[];
  /** How fields are edited that need more than their schema tells. */
  ui?: UiSchema<Spec>;
  /** Editors that `ui` names, beside the general ones. */
  editors?: RegistryFieldsType;
  /** Names of the fields that cannot be changed. */
  fixed?: readonly string[];
  /** What stands beside the button that sends the spec. */
  children?: React.ReactNode;
}): JSX.Element | null {
  const { trans } = useHub();
  const { model, labels, folds = NO_FOLDS, fixed = ['notebook'] } = props;
  useSignal(model.changed);
  const { schema, errors } = model;
  const localized = useMemo(
    () =>
      schema && localizeSchema(schema, { ...fieldLabels(trans), ...labels }),
    [schema, trans, labels]
  );
  const { editors } = props;
  const fields = useMemo(() => ({ ...FIELDS, ...editors }), [editors]);
  const idPrefix = useId().replace(/:/g, '');
  const formContext = useMemo(
    () => ({ trans, folds, faulty: errors.names }),
    [trans, folds, errors]
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
    notebook: { 'ui:readonly': fixed.includes('notebook') },
    ...props.ui
  };
  return (
    <div className="jp-TrainHub-specForm">
      <FormComponent
        schema={localized}
        uiSchema={uiSchema}
        formData={model.data}
        formContext={formContext}
        fields={fields}
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
          arrayMinItems: { populate: 'never' },
          // Of several choices, none is made for the user.
          constAsDefaults: 'never'
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
