"""What an administrator or a user sets, as traitlets: ``c.TrainHubConfig.<name> = …``.

The Jupyter server extension, notebook kernels and the ``trainhub`` command read the same files,
``jupyter_trainhub_config.py`` and ``jupyter_trainhub_config.json`` on Jupyter's configuration path
(``jupyter --paths`` lists it).
"""

from __future__ import annotations

from typing import Any

from traitlets import Bool, Dict, Enum, Float, Int, List, TraitError, Unicode, validate
from traitlets.config import Configurable
from traitlets.config.loader import (
    Config,
    ConfigFileNotFound,
    JSONFileConfigLoader,
    PyFileConfigLoader,
)

from jupyter_trainhub.errors import InvalidField

CONFIG_FILE = "jupyter_trainhub_config"

# Those of specs.mount, which is imported when it is needed.
MOUNT_KINDS = ("host_path", "claim", "nfs", "csi")


class TrainHubConfig(Configurable):
    """Which cluster is used and how, what forms start with, which folders may be shown."""

    kubeconfig = Unicode(
        "",
        help="""
        The kubeconfig file of the cluster. Empty: what TRAINHUB_KUBECONFIG or KUBECONFIG name, the
        cluster in whose pod Jupyter runs, ~/.kube/config if it has a current context, and else the
        embedded cluster.
        """,
    ).tag(config=True)
    context = Unicode("", help="The context of the kubeconfig. Empty: its current one.").tag(
        config=True
    )
    namespace = Unicode(
        "", help="The namespace of all objects. Empty: that of the context, else 'default'."
    ).tag(config=True)
    embedded = Bool(
        True,
        help="Whether the embedded cluster is started on this machine when no other is configured.",
    ).tag(config=True)
    embedded_start_timeout = Float(
        30.0, min=1, help="Seconds to wait for the embedded cluster to answer."
    ).tag(config=True)
    user = Unicode(
        "",
        help="""
        The name written on objects as their owner. Empty: JUPYTERHUB_USER, else the account.
        """,
    ).tag(config=True)
    default_image = Unicode(
        "",
        help="""
        The image of instances and jobs that name none. Empty: the nodes' own system ('host') where
        nodes offer it, as those of the embedded cluster do.
        """,
    ).tag(config=True)
    gpu_resource = Unicode("nvidia.com/gpu", help="The name under which nodes offer GPUs.").tag(
        config=True
    )
    check_fit = Bool(
        True,
        help="""
        Whether to refuse what is larger than any node. Turn it off where nodes are added on demand.
        """,
    ).tag(config=True)
    images = List(Dict(), help="Images that forms propose, each {name, title, description}.").tag(
        config=True
    )
    presets = List(
        Dict(),
        help="""
        Sizes for instances, each {name, title, description, values}, the values being fields such
        as {"cpus": 4, "memory": "16Gi"}.
        """,
    ).tag(config=True)
    gpu_models = List(
        Dict(),
        help="""
        Models of GPU, each {name, title, node_selector, resource, instances}: the labels of its
        nodes, the name under which they offer it (default: gpu_resource), and whether instances may
        use it (default: yes). Jobs may use all.
        """,
    ).tag(config=True)
    allow_host_network = Bool(
        False, help="Whether instances and jobs may use the network of their node directly."
    ).tag(config=True)
    storages = List(
        Dict(),
        help="""
        Folders offered to instances and jobs: {name, title, path}, a source (claim, nfs
        {server, path}, csi {driver, read_only, fs_type, attributes, secret} or host_path), and
        where wanted sub_path, read_only, groups and users (whom it is offered to; default:
        everybody), default (mounted where nothing is asked for) and create ({uid, gid, mode} of a
        sub_path that does not exist). {username} and {group} are replaced in every text; with
        {group} it is one folder for each of the user's groups.
        """,
    ).tag(config=True)
    groups = List(
        Unicode(),
        help="The groups of the user. Empty: what TRAINHUB_GROUPS names, separated by commas.",
    ).tag(config=True)
    allowed_mounts = List(
        Enum(MOUNT_KINDS),
        list(MOUNT_KINDS),
        help="The sources that users may write into mounts of their own, besides the storages.",
    ).tag(config=True)
    setup_image = Unicode(
        "",
        help="""
        The image, with /bin/sh, that makes the folders of storages with 'create'. Empty: that of
        the instance or job.
        """,
    ).tag(config=True)
    registry = Unicode(
        "",
        help="""
        Where saved images go, as pods name it: a registry's host and a path, such as
        "registry.example.com/team". Empty: the registry that the cluster says it hosts, by the
        ConfigMap kube-public/local-registry-hosting (KEP-1755).
        """,
    ).tag(config=True)
    registry_url = Unicode(
        "",
        help="""
        Where that registry answers for this machine, such as "http://10.0.0.5:5000". Empty: at its
        host, by https.
        """,
    ).tag(config=True)
    registry_mirrors = Dict(
        value_trait=Unicode(),
        key_trait=Unicode(),
        help="""
        Other addresses for registries: {"docker.io": "https://mirror.example.com"}. They are asked
        as containerd asks its mirrors, with ?ns=.
        """,
    ).tag(config=True)
    insecure_registries = List(
        Unicode(),
        help="""
        Hosts of registries, HOST or HOST:PORT, whose certificate is not verified, and which are
        asked by plain http where they know no TLS. Those of this machine itself are such anyway.
        """,
    ).tag(config=True)
    registry_ca = Unicode(
        "",
        help="""
        A file with certificates of authorities by which registries are trusted, besides the
        system's.
        """,
    ).tag(config=True)
    registry_auth_file = Unicode(
        "",
        help="""
        A docker configuration file with the passwords of registries. Before it come no others;
        after it those of registry_secret and of docker and podman on this machine.
        """,
    ).tag(config=True)
    registry_secret = Unicode(
        "",
        help="""
        The Secret in the namespace with the passwords of registries
        (kubernetes.io/dockerconfigjson).
        """,
    ).tag(config=True)
    pull_secrets = List(
        Unicode(),
        help="""
        Secrets in the namespace with which nodes pull images (imagePullSecrets of every pod).
        Empty: registry_secret.
        """,
    ).tag(config=True)
    archive_roots = List(
        Unicode(),
        help="""
        Folders besides Jupyter's root folder from which images may be loaded, and to which they may
        be written.
        """,
    ).tag(config=True)
    snapshot_compression = Enum(
        ("zstd", "gzip"),
        default_value="zstd",
        help="""
        How the layers of saved images are compressed. "zstd" is several times as fast; "gzip" is
        for nodes with container engines from before 2020.
        """,
    ).tag(config=True)
    snapshot_exclude = List(
        Unicode(),
        [
            "/tmp/**",
            "/var/tmp/**",
            "/run/**",
            "/var/cache/apt/**",
            "/var/lib/apt/lists/**",
            "**/.cache/pip/**",
            "**/.cache/uv/**",
            "**/pkgs/*.conda",
            "**/pkgs/*.tar.bz2",
            "**/.local/share/jupyter/runtime/**",
            "**/.local/share/Trash/**",
            "**/.ipynb_checkpoints/**",
        ],
        help="""
        What is not saved with an instance unless its user says so: paths in which * stands for
        anything within a name, and ** for any folders.
        """,
    ).tag(config=True)
    snapshot_secrets = List(
        Unicode(),
        [
            "**/.ssh/**",
            "**/.aws/**",
            "**/.kube/**",
            "**/.netrc",
            "**/.pypirc",
            "**/.git-credentials",
            "**/.docker/config.json",
            "**/.cache/huggingface/token",
            "**/.config/gcloud/**",
            "**/.bash_history",
            "**/.ipython/profile_*/history.sqlite",
        ],
        help="""
        Files that count as secrets by their paths, in the same manner; others are known by what is
        in them. Users are asked before they are saved.
        """,
    ).tag(config=True)
    snapshot_folder = Unicode(
        "",
        help="""
        Where layers of saved images are kept on this machine until the registry has them. Empty:
        'jupyter-trainhub' in the user's cache folder (XDG_CACHE_HOME, else ~/.cache).
        """,
    ).tag(config=True)
    snapshot_max_bytes = Int(
        0, min=0, help="Bytes that an instance's changes may have to be saved. 0: any number."
    ).tag(config=True)
    snapshot_engine = Enum(
        ("pod", "node"),
        default_value="pod",
        help="""
        What reads instances that are saved with the engine "auto": a program in the instance
        ("pod"), or a Job on its node ("node"), for which an administrator runs
        'trainhub snapshotter' in the cluster. Where that does not answer it is "pod" all the same.
        """,
    ).tag(config=True)
    snapshotter_image = Unicode(
        "",
        help="""
        The image of the Jobs that read instances on their nodes and that copy images between
        registries in the cluster: images/snapshotter.
        """,
    ).tag(config=True)
    snapshotter_namespace = Unicode(
        "trainhub-system",
        help="""
        Where 'trainhub snapshotter' runs those Jobs. Users must have no rights in it.
        """,
    ).tag(config=True)
    snapshotter_destinations = List(
        Unicode(),
        help="""
        Where 'trainhub snapshotter' may put images: patterns of names without tag, such as
        "registry.example.com/team/{namespace}/*", in which {namespace} is that of the instance.
        Empty: anywhere below TrainHubConfig.registry.
        """,
    ).tag(config=True)
    instance_access = Enum(
        ("auto", "direct", "api"),
        default_value="auto",
        help="""
        How JupyterLab and IDE of an instance are reached: at the pod's own address ("direct") or
        through the API server, which takes the right to pods/proxy ("api"). "auto" is "direct"
        where Jupyter runs in a pod of the cluster or on one of its nodes, and else "api".
        """,
    ).tag(config=True)
    log_roots = List(
        Unicode(),
        help="""
        Folders besides Jupyter's root folder whose subfolders may be opened in TensorBoard.
        """,
    ).tag(config=True)
    instance_defaults = Dict(
        help="What new instances start with, by the names of their fields, such as {'cpus': 2}."
    ).tag(config=True)
    job_defaults = Dict(
        help="What new jobs start with, by the names of their fields, such as {'memory': '8Gi'}."
    ).tag(config=True)
    virtual_clusters = List(
        Dict(),
        help="""
        Groups of like nodes for jobs, whose resources are counted in SKUs: each {name, title,
        description, node_selector, sku: {name, cpus, memory, gpus}, gpu_resource,
        least_skus_multi_node, groups, users}.
        """,
    ).tag(config=True)
    priority_classes = Dict(
        help="""
        The PriorityClass of the cluster for each priority of jobs, such as {"9": "high"}. A
        priority that is not named here is noted on the job and has no effect.
        """
    ).tag(config=True)
    framework_backends = Dict(
        {"pytorch": ["plain"], "mpi": ["mpijob", "plain"]},
        help="""
        With which objects a framework's jobs are made: the first of the list that the cluster
        serves. pytorch: plain, pytorchjob, trainjob; mpi: plain, mpijob.
        """,
    ).tag(config=True)
    trainjob_runtime = Unicode(
        "torch-distributed",
        help="The ClusterTrainingRuntime that TrainJobs of framework pytorch refer to.",
    ).tag(config=True)
    ib_interface = Unicode(
        "", help="The network interface of jobs with InfiniBand, such as ib0. Empty: NCCL's choice."
    ).tag(config=True)
    ethernet_interface = Unicode(
        "", help="The network interface of jobs without it, such as eth0. Empty: NCCL's choice."
    ).tag(config=True)
    rdma_resource = Unicode(
        "",
        help="""
        What a pod with InfiniBand asks its node for, such as rdma/hca. Empty: nothing.
        """,
    ).tag(config=True)
    claim_storage_class = Unicode(
        "", help="The StorageClass of jobs' volumes. Empty: the cluster's default."
    ).tag(config=True)
    claim_access_modes = List(
        Unicode(),
        help="""
        The access modes of jobs' volumes. Empty: ReadWriteOnce for jobs on one node,
        ReadWriteMany for others.
        """,
    ).tag(config=True)
    claim_group = Int(
        100,
        min=1,
        allow_none=True,
        help="""
        The group (fsGroup) that new volumes of jobs are given to, so that images whose user is not
        root can write to them. None: the cluster's own rules, as on OpenShift.
        """,
    ).tag(config=True)
    run_storage = Unicode(
        "",
        help="""
        The storage on which the records of runs are kept, below .trainhub/runs. Empty: the first
        that is mounted by default and can be written.
        """,
    ).tag(config=True)
    run_folder = Unicode(
        "",
        help="""
        Where the records of runs are kept where this machine sees no such storage. Empty:
        trainhub/runs in Jupyter's data folder.
        """,
    ).tag(config=True)
    code_max_bytes = Int(
        10 << 20,
        min=1 << 16,
        help="Bytes of files beside a notebook or script that may be sent with a job.",
    ).tag(config=True)
    result_max_bytes = Int(
        5 << 20,
        min=1 << 10,
        help="""
        Bytes of a %%distributed cell's result that are sent back to the notebook, through the log
        of its first pod: kubelets put a log aside at 10 MiB, which 7 MiB of result fill.
        """,
    ).tag(config=True)
    run_max_bytes = Int(
        1 << 30, min=1 << 20, help="Bytes that the record of one run may take."
    ).tag(config=True)
    run_keep = Int(
        200, min=0, help="How many records of runs are kept, pinned ones besides. 0: all."
    ).tag(config=True)
    run_keep_days = Int(
        0, min=0, help="Days for which records of runs are kept, pinned ones longer. 0: for ever."
    ).tag(config=True)
    prometheus_url = Unicode(
        "",
        help="""
        A Prometheus that knows the cluster's pods (cAdvisor) and GPUs (DCGM exporter), such as
        http://prometheus.monitoring:9090. Empty: none.
        """,
    ).tag(config=True)
    prometheus_token_file = Unicode(
        "", help="A file with the token that prometheus_url asks for. Empty: none is sent."
    ).tag(config=True)
    prometheus_ca = Unicode(
        "",
        help="""
        A file with certificates of authorities by which prometheus_url is trusted. Empty: the
        system's.
        """,
    ).tag(config=True)
    metrics_interval = Int(
        15, min=1, help="Seconds between two measurements of a running job."
    ).tag(config=True)
    idle_timeout = Int(
        0,
        min=0,
        help="""
        Seconds without activity after which an instance without GPUs is stopped. 0: never.
        """,
    ).tag(config=True)
    idle_timeout_gpu = Int(0, min=0, help="The same for instances that hold GPUs. 0: never.").tag(
        config=True
    )
    idle_warning = Int(
        600, min=0, help="Seconds for which users are warned before an idle instance is stopped."
    ).tag(config=True)
    idle_extension = Int(
        3600, min=1, help="Seconds for which one click keeps an idle instance."
    ).tag(config=True)
    idle_extension_limit = Int(
        86400, min=1, help="Seconds from now until which users may keep an idle instance at most."
    ).tag(config=True)
    idle_cpu_percent = Float(
        5.0, min=0, help="Use of CPU, in percent of one core, from which an instance is in use."
    ).tag(config=True)
    idle_gpu_percent = Float(
        5.0, min=0, help="Use of any of its GPUs, in percent, from which an instance is in use."
    ).tag(config=True)
    idle_exempt = List(
        Unicode(), help="Owners whose instances are never stopped for being idle."
    ).tag(config=True)
    tensorboard_idle_seconds = Int(
        1800, min=1, help="Seconds without a request after which a TensorBoard ends itself."
    ).tag(config=True)
    tensorboard_python = Unicode(
        "",
        help="""
        The Python that runs TensorBoard (2.21 or later). Empty: the one that runs TrainHub.
        """,
    ).tag(config=True)
    tensorboard_reload_interval = Int(
        5, min=1, help="Seconds between two looks of a TensorBoard for new data."
    ).tag(config=True)
    tensorboard_memory = Unicode(
        "4Gi",
        help="""
        The most memory that one TensorBoard may use, such as '4Gi'; one that uses more is ended.
        Empty: no limit.
        """,
    ).tag(config=True)
    tensorboard_most = Int(
        8,
        min=1,
        help="""
        How many TensorBoards of one user run on this machine at a time; the one that was not used
        for longest ends for another.
        """,
    ).tag(config=True)
    tensorboard_image = Unicode(
        "",
        help="""
        Image of TensorBoards in the cluster, with Python and TensorBoard 2.21 or later, such as the
        one of images/tensorboard. Empty: the default image.
        """,
    ).tag(config=True)
    tensorboard_cpus = Float(
        0.1, min=0.001, help="CPU cores that a TensorBoard in the cluster asks for."
    ).tag(config=True)

    @validate("storages", "images", "presets", "gpu_models", "virtual_clusters")
    def _entries_fit(self, proposal: dict[str, Any]) -> list[dict[str, Any]]:
        # Imported when something is set: pydantic takes its time.
        from jupyter_trainhub.specs.catalogue import CATALOGUES

        name = proposal["trait"].name
        entries: list[dict[str, Any]] = proposal["value"]
        try:
            CATALOGUES[name].parse_all(entries)
        except InvalidField as error:
            raise TraitError(f"TrainHubConfig.{name}.{error}") from None
        return entries


def load_config(paths: list[str] | None = None) -> TrainHubConfig:
    """The configuration of this user, for programs that are not a Jupyter server.

    ``paths`` are folders, the most important first; default: Jupyter's configuration path. Raises
    InvalidField when a file cannot be read or sets something that does not fit.
    """
    if paths is None:
        from jupyter_core.paths import jupyter_config_path

        paths = jupyter_config_path()
    merged = Config()
    for folder in reversed(paths):
        for loader in (
            JSONFileConfigLoader(f"{CONFIG_FILE}.json", path=folder),
            PyFileConfigLoader(f"{CONFIG_FILE}.py", path=folder),
        ):
            try:
                merged.merge(loader.load_config())
            except ConfigFileNotFound:
                continue
            except Exception as error:
                # A Python file can fail in every way there is.
                raise InvalidField(
                    f"{loader.full_filename} cannot be read: {type(error).__name__}: {error}",
                    field="config",
                    remedy="Correct the file or remove it.",
                ) from error
    try:
        return TrainHubConfig(config=merged)
    except TraitError as error:
        raise InvalidField(
            str(error), field="config", remedy=f"Correct {CONFIG_FILE}.py or .json."
        ) from None
