"""A Debian release in a folder of its own, for the version of Python that it contains.

Requires root and ``debootstrap``. Commands run in a mount namespace, so no mount outlives them.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.matrix.versions import ROOT

#: What the release reads of this system: the project and the temporary files, at the same paths, and the network.
_SHARED = (str(ROOT), "/tmp", "/dev", "/etc/resolv.conf", "/etc/hosts", "/etc/ssl/certs/ca-certificates.crt")  # noqa: S108
_ENTER = """
system=$1 project=$2; shift 2
while [ "$1" != -- ]; do
    test -d "$1" && mkdir -p "$system$1" || touch "$system$1"
    mount --rbind "$1" "$system$1"; shift
done
mount -t proc proc "$system/proc"; shift
exec chroot "$system" env -C "$project" "$@"
"""


def install(release: str) -> list[str]:
    """Install a Debian release with Python unless it exists; return the start of a command that runs in it.

    :param release: a suite of Debian, such as ``testing``.
    """
    system = ROOT / f".debian-{release}"
    if not (system / "usr" / "bin" / "python3").exists():
        shutil.rmtree(system, ignore_errors=True)
        packages = "python3,python3-venv,ca-certificates"
        command = ["debootstrap", "--variant=minbase", f"--include={packages}", release, str(system)]
        try:
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        except BaseException:
            shutil.rmtree(system, ignore_errors=True)
            raise
    shared = [path for path in _SHARED if Path(path).exists()]
    return ["unshare", "--mount", "sh", "-euc", _ENTER, "sh", str(system), str(ROOT), *shared, "--"]
