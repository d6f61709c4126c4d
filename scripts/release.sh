#!/bin/sh
# The steps of a release that the workflow calls. The others are in RELEASING.md.
set -eu

version=$(node -p 'require("./package.json").version')

# check TAG: the tag, package.json and CHANGELOG.md have the same version, and the section of CHANGELOG.md has its date.
check() {
  [ "$1" = "v$version" ] || { echo "the tag is $1, package.json has $version"; exit 1; }
  grep --quiet --line-regexp "## \[$version\] - [0-9]\{4\}-[0-9]\{2\}-[0-9]\{2\}" CHANGELOG.md ||
    { echo "CHANGELOG.md has no section [$version] with a date"; exit 1; }
}

# pack REPOSITORY: the package, its software bill of materials, and the section of the changelog, in the folder release. The provenance of a
# package names the repository, which npm compares with its field.
pack() {
  mkdir release
  REPOSITORY=$1 npm run package -- --pack-destination release
  cp dist/sbom.cdx.json release
  awk -v heading="## [$version] - " 'index($0, heading) == 1 { found = 1; next } /^## / { found = 0 } found' CHANGELOG.md >release/notes.md
}

"$@"
