"""What pip calls the package that brings a module, where the two have different names."""

from __future__ import annotations

# From the packages' own metadata (top_level.txt) on PyPI.
_PACKAGES = {
    "cv2": "opencv-python-headless",
    "PIL": "pillow",
    "sklearn": "scikit-learn",
    "skimage": "scikit-image",
    "yaml": "PyYAML",
    "bs4": "beautifulsoup4",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "git": "GitPython",
    "hydra": "hydra-core",
    "attr": "attrs",
    "faiss": "faiss-cpu",
    "fitz": "PyMuPDF",
    "jwt": "PyJWT",
    "magic": "python-magic",
    "mpl_toolkits": "matplotlib",
    "pytorch_lightning": "pytorch-lightning",
    "sentence_transformers": "sentence-transformers",
    "serial": "pyserial",
    "tensorflow_datasets": "tensorflow-datasets",
    "umap": "umap-learn",
    "zmq": "pyzmq",
}


def distribution(module: str) -> str:
    """What to install for ``import module``."""
    return _PACKAGES.get(module, module)
