"""What becomes of IPython's own syntax."""

from __future__ import annotations

import pytest

from jupyter_trainhub.notebook.translation import translate

EXPAND = '__import__("trainhub_notebook").expand'


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
        ("%env A={x}", f"__import__(\"os\").environ['A'] = {EXPAND}(globals(), '{{x}}')\n"),
        ("%cd -q {x}/y", f"__import__(\"os\").chdir({EXPAND}(globals(), '{{x}}/y'))\n"),
        ("%cd sub", "__import__(\"os\").chdir('sub')\n"),
        (
            "%run f.py 'a b'",
            "__import__(\"trainhub_notebook\").run_file(globals(), 'f.py', 'a b')\n",
        ),
        (
            "%run -i -e f.py {n + 1}",
            "__import__(\"trainhub_notebook\").run_file(globals(), 'f.py', "
            f"*__import__(\"shlex\").split({EXPAND}(globals(), '{{n + 1}}')), options='ie')\n",
        ),
        ("%run f", "__import__(\"trainhub_notebook\").run_file(globals(), 'f.py')\n"),
        ("%%html\n<b>x</b>", "\n"),
        ("!ls \\\n  -l\nx = 1", "pass\n\nx = 1\n"),
        ("await f()", "await f()\n"),
        (">>> a = 1\n>>> a", "a = 1\na\n"),
        ("x = 1\r\n%pwd\r\ny = 2", "x = 1\npass\ny = 2\n"),
        ("x = %time f(1);", "x = (f(1))\n"),
        ("%pwd\nfrom __future__ import annotations", "pass\nfrom __future__ import annotations\n"),
        ("x = '''a\x0c\n%pwd\u2028%pwd'''\n%pwd", "x = '''a\x0c\n%pwd\u2028%pwd'''\npass\n"),
        ("%%script false --no-raise-error\nnot Python", "\n"),
        ("get_ipython().magic('matplotlib inline')", "pass\n"),
        ("if 'google.colab' in str(get_ipython()): f()", "if 'google.colab' in str(None): f()\n"),
        ("if get_ipython():\n    get_ipython().x = 1", "if None:\n    None.x = 1\n"),
        ("try: get_ipython()\nexcept NameError: x", "try: get_ipython()\nexcept NameError: x\n"),
    ],
)
def test_becomes_python_on_the_same_lines(cell: str, python: str) -> None:
    translation = translate(cell)
    assert translation.errors == []
    assert translation.source == python


@pytest.mark.parametrize(
    ("cell", "warning"),
    [
        ("x = 1\n!nvidia-smi", "line 2: !nvidia-smi does not run"),
        ("%pip install torch", "unless the job installs packages"),
        ("!pip install torch && ls", "Put it into the image."),
        ("!apt-get install git", "Put it into the image."),
        ("%conda install x", "line 1: %conda install x does not run"),
        ("%load_ext cudf.pandas", "import it as a Python module"),
        ("%cd data", "Mount it"),
        ("%time !ls", "!ls does not run"),
    ],
)
def test_warns_of_what_is_left_out(cell: str, warning: str) -> None:
    translation = translate(cell)
    assert translation.errors == []
    assert warning in "".join(remark.message for remark in translation.warnings)


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
        ("%env {a}=1", "is not the name of a variable"),
        ("%run -p f.py", "only %run [-i]"),
        ("%run {f}.py", "only %run [-i]"),
        ("get_ipython().kernel.do_shutdown(True)", "get_ipython().kernel needs IPython"),
        ("%%time f()\nx = 1", "no code may follow on that line"),
        ("%pushd x", "is a command of IPython"),
        ("x = '\ud800'", "surrogates not allowed"),
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
        ("%%writefile {name}.py\nx", "cannot know $ and {}"),
        ("%%writefile\nx", "one file name is expected"),
    ],
)
def test_refuses_what_a_job_cannot_do(cell: str, error: str) -> None:
    (message,) = translate(cell).errors
    assert error in message.message
    assert message.line is None or message.message.startswith(f"line {message.line}: ")


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("%pip install -q einops 'a>=2'  # later", "-q einops a>=2"),
        ("%pip install torch~=2.0", "torch~=2.0"),
        ("!{sys.executable} -m pip install -r requirements.txt", "-r requirements.txt"),
        (
            "!pip3 install a @ git+https://example.org/a#egg=a",
            "a @ git+https://example.org/a#egg=a",
        ),
    ],
)
def test_an_installation_is_known(cell: str, words: str) -> None:
    assert translate(cell).setup == [("python", "-m", "pip", "install", *words.split())]


@pytest.mark.parametrize(
    "cell",
    [
        "!pip install a; ls",
        "!pip install a>=2",
        "!pip install $X",
        "!pip install ~/a",
        "%pip list",
        "%pip install",
    ],
)
def test_what_needs_a_shell_is_no_installation(cell: str) -> None:
    assert translate(cell).setup == []


def test_more_commands_than_ipython_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("IPython.core.inputtransformer2.TRANSFORM_LOOP_LIMIT", 4)
    (message,) = translate("%pwd\n" * 5).errors
    assert message.message.startswith("syntax error: more commands of IPython than it takes")
    assert message.line is None


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
