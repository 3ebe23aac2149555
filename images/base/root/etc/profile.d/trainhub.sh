# A login shell starts from Debian's path.
PATH=/opt/venv/bin:$PATH
