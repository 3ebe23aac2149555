"""What becomes of IPython's own syntax."""

from __future__ import annotations

import pytest

from jupyter_trainhub.notebook.translation import translate


@pytest.mark.parametrize(
    ("cell", "python"),
    [
        ("%matplotlib inline\nx = 1", "pass\nx = 1\n"),
        ("x = 1\nx?", "x = 1\npass\n"),
        ("if x:\n    %autoreload 2\ny = 2", "if x:\n    pass\ny = 2\n"),
        ("%time y = f(1)", "y = f(1)\n"),
        ("%%time\ny = 1\n%config a=b", "\ny = 1\npass\n"),
        ("%%capture\ny = 1", "\ny = 1\n"),
        ("\n\n%%time\ny = 1", "\n\n\ny = 1\n"),
        ("é = 'ü'\n%env A=ß\n", "é = 'ü'\n__import__(\"os\").environ['A'] = 'ß'\n"),
        ("%env A b c", "__import__(\"os\").environ['A'] = 'b c'\n"),
        ("%set_env A=\"b'", "__import__(\"os\").environ['A'] = '\"b\\''\n"),
        ("%env", "pass\n"),
        ("%cd sub", "__import__(\"os\").chdir('sub')\n"),
        (
            "%run f.py 'a b'",
            "__import__(\"trainhub_notebook\").run_file(globals(), 'f.py', 'a b')\n",
        ),
        ("%run f", "__import__(\"trainhub_notebook\").run_file(globals(), 'f.py')\n"),
        ("%%html\n<b>x</b>", "\n"),
        ("!ls \\\n  -l\nx = 1", "pass\n\nx = 1\n"),
        ("await f()", "await f()\n"),
        (">>> a = 1\n>>> a", "a = 1\na\n"),
        ("x = 1\r\n%pwd\r\ny = 2", "x = 1\npass\ny = 2\n"),
    ],
)
def test_becomes_python_on_the_same_lines(cell: str, python: str) -> None:
    translation = translate(cell)
    assert translation.errors == []
    assert translation.source == python


@pytest.mark.parametrize(
    ("cell", "warning"),
    [
        ("x = 1\n!nvidia-smi", "line 2: !nvidia-smi is left out"),
        ("%pip install torch", "Put it into the image."),
        ("!apt-get install git", "Put it into the image."),
        ("%conda install x", "line 1: %conda install x is left out"),
        ("%load_ext cudf.pandas", "import it as a Python module"),
        ("%cd data", "Mount it"),
        ("%time !ls", "!ls is left out"),
    ],
)
def test_warns_of_what_is_left_out(cell: str, warning: str) -> None:
    translation = translate(cell)
    assert translation.errors == []
    assert warning in "".join(translation.warnings)


@pytest.mark.parametrize(
    ("cell", "error"),
    [
        ("x = !ls", "line 1: the value of !ls is used"),
        ("x = %pwd", "line 1: the value of %pwd is used"),
        ("print(get_ipython().getoutput('ls'))", "the value of !ls is used"),
        ("get_ipython().system(command)", "line 1: get_ipython().system calls IPython"),
        ("%%bash\nls", "line 1: %%bash is a shell script"),
        ("\n\n%%bash -e\nls", "line 3: %%bash -e is a shell script"),
        ("%%timeit\nf()", "many times over"),
        ("%timeit f()", "many times over"),
        ("%%capture out\nf()", "keeps the output"),
        ("%%cython\ndef f(): ...", "%%cython is a command of IPython"),
        ("x = 1\n%prun f()", "line 2: %prun f() is a command of IPython"),
        ("%pylab inline", "hides where names come from"),
        ("%env A={x}", "do not replace $ and {}"),
        ("%run -i f.py", "only %run FILE"),
        ("%run other.ipynb", "Python files only"),
        ("%run 'f.py", "No closing quotation"),
        ("%cd -", "only %cd FOLDER"),
        ("x = 1\ndef f(:\n", "line 2: syntax error"),
        ("%%time\nx = 1\ndef f(:\n", "line 3: syntax error"),
        ("x = 1\nreturn x", "line 2: syntax error: 'return' outside function"),
        ("pip install torch", "Write %pip"),
        ("x = '\0'", "syntax error"),
        ("%%writefile ../a.py\nx", "'../a.py' is not the name of a file below"),
        ("%%writefile /etc/passwd\nx", "is not the name of a file below"),
        ("%%writefile ~/a.py\nx", "is not the name of a file below"),
        ("%%writefile a/../../b.py\nx", "is not the name of a file below"),
        ("%%writefile {name}.py\nx", "do not replace $ and {}"),
        ("%%writefile\nx", "one file name is expected"),
    ],
)
def test_refuses_what_a_job_cannot_do(cell: str, error: str) -> None:
    (message,) = translate(cell).errors
    assert error in message


def test_a_written_file_keeps_its_text() -> None:
    translation = translate("%%writefile -a pkg//mod.py\n%time is not a magic here\n")
    assert translation.writes == "pkg/mod.py"
    assert translation.appends
    assert translation.source == "%time is not a magic here\n"


def test_says_what_it_changed() -> None:
    assert translate("%time f()\n%matplotlib inline").notes == [
        "%time left out: its code runs untimed",
        "%matplotlib inline left out: it changes nothing in a job",
    ]
