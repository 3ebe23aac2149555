"""The first process of a job's pod: ``python launch.py -- PROGRAM [ARGUMENT ...]``.

It waits until all nodes are there, starts the program (training programs of framework ``pytorch``
through torchrun, those of framework ``mpi`` on node 0 only, with sshd on all nodes), passes signals
on, ends it when its time is over, copies what is printed to the run folder, and leaves a JSON
message where Kubernetes reads why a container ended. Standard library only, Python 3.8 or later,
because it runs in whatever image the user chose. The parts are shipped as one file.

Environment it reads (all set by the job's manifest, see ``docs/architecture.md``):

============================ ===================================================================
``TRAINHUB_FRAMEWORK``        ``single`` (default), ``pytorch`` or ``mpi``
``PET_NNODES`` and others     the shape of the job: ``PET_NPROC_PER_NODE``, ``PET_NODE_RANK``,
                              ``PET_MASTER_ADDR``, ``PET_MASTER_PORT``
``TRAINHUB_HOSTS``            framework ``mpi``: host names of the nodes by rank, with commas
``TRAINHUB_POD``              the pod's name; tells the node's rank by ``TRAINHUB_HOSTS`` where
                              ``PET_NODE_RANK`` is not set
``TRAINHUB_SSH_KEYS``         framework ``mpi``: folder with the job's keys
``POD_IP``                    the pod's own address
``TRAINHUB_RUN``              the run that all pods of this job belong to
``TRAINHUB_ATTEMPT``          which attempt at it this is, 1 when unset
``TRAINHUB_RUN_FOLDER``       where logs and the record of the environment are kept, if anywhere
``TRAINHUB_WORKING_DIR``      where the program starts, if not where the launcher does;
                              ``$TRAINHUB_FILES``: among the files that came with the job
``TRAINHUB_SETUP``            1: what ``setup.json`` beside this program lists is installed before
``TRAINHUB_CPUS``             cores of the pod, a decimal number
``TRAINHUB_TIME_LIMIT``       seconds after which the program is ended, counted from when all nodes
                              are there; no limit when unset
``TRAINHUB_GRACE``            seconds between SIGTERM and SIGKILL, 30 when unset
``TRAINHUB_PEER_TIMEOUT``     seconds to wait for the other nodes, 600 when unset
``TRAINHUB_TERMINATION_LOG``  where the message goes, ``/dev/termination-log`` when unset
``TRAINHUB_ERROR_DIR``        where the ranks leave their errors; a temporary folder when unset
============================ ===================================================================

For the program it sets ``TRAINHUB_FILES``, the folder with the files that came with the job.
``PET_`` is the prefix under which torchrun takes its options from the environment.
"""
