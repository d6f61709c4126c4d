#!/bin/sh
# The steps of a release that the workflow calls. The others are in CONTRIBUTING.md.
set -eu

version=$(node -p 'require("./package.json").version')

# check TAG: the tag, package.json and CHANGELOG.md have the same version.
check() {
  [ "$1" = "v$version" ] || { echo "the tag is $1, package.json has $version"; exit 1; }
  grep --quiet --fixed-strings "## [$version] - " CHANGELOG.md || { echo "CHANGELOG.md has no section [$version]"; exit 1; }
}

# pack REPOSITORY: the package, its software bill of materials, and the section of the changelog, in the folder release. The provenance of a
# package names the repository, which npm compares with its field.
pack() {
  npm pkg set repository.type=git "repository.url=git+https://github.com/$1.git" \
    "bugs.url=https://github.com/$1/issues" "homepage=https://github.com/$1#readme"
  mkdir release
  npm run package -- --pack-destination release
  cp dist/sbom.cdx.json release
  awk -v heading="## [$version] - " 'index($0, heading) == 1 { found = 1; next } /^## / { found = 0 } found' CHANGELOG.md >release/notes.md
}

"$@"
