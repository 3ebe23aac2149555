import {
  Compartment,
  StateEffect,
  StateField,
  type Extension
} from '@codemirror/state';
import {
  Decoration,
  EditorView,
  gutter,
  GutterMarker,
  type DecorationSet
} from '@codemirror/view';

/** A line of a cell at which something failed, or that called what failed. */
export interface ILineMark {
  /** From 1. */
  lineno: number;
  isRaised: boolean;
  /** What is said of it under the pointer. */
  title: string;
}

/** Holds the marks of an editor; without any, it has no gutter for them either. */
const place = new Compartment();

/** Marks lines of an editor, instead of those that were marked before. */
export function markLines(view: EditorView, lines: readonly ILineMark[]): void {
  const extension = lines.length > 0 ? marksOn(lines) : [];
  const known = place.get(view.state);
  if (known !== undefined) {
    view.dispatch({ effects: place.reconfigure(extension) });
  } else if (lines.length > 0) {
    view.dispatch({
      effects: StateEffect.appendConfig.of(place.of(extension))
    });
  }
}

function marksOn(lines: readonly ILineMark[]): Extension {
  const field = StateField.define<DecorationSet>({
    create: ({ doc }) =>
      Decoration.set(
        lines
          .filter(({ lineno }) => lineno >= 1 && lineno <= doc.lines)
          .map(({ lineno, isRaised, title }) =>
            Decoration.line({
              class: classOf(isRaised),
              attributes: { title },
              isRaised,
              label: title
            }).range(doc.line(lineno).from)
          ),
        true
      ),
    update: (marks, { changes }) => marks.map(changes),
    provide: field => EditorView.decorations.from(field)
  });
  return [
    field,
    gutter({
      class: 'jp-TrainHub-lineGutter',
      lineMarker: (view, { from }) => {
        let marker: GutterMarker | null = null;
        view.state.field(field).between(from, from, (start, _, { spec }) => {
          if (start === from) {
            marker = new LineMarker(spec.isRaised, spec.label);
          }
        });
        return marker;
      }
    })
  ];
}

class LineMarker extends GutterMarker {
  constructor(
    private readonly _isRaised: boolean,
    private readonly _title: string
  ) {
    super();
  }

  eq(other: LineMarker): boolean {
    return this._isRaised === other._isRaised && this._title === other._title;
  }

  toDOM(): HTMLElement {
    const node = document.createElement('span');
    node.className = classOf(this._isRaised);
    node.textContent = this._isRaised ? '✕' : '›';
    node.title = this._title;
    return node;
  }
}

function classOf(isRaised: boolean): string {
  return isRaised ? 'jp-TrainHub-failedLine' : 'jp-TrainHub-lightLine';
}
