#!/bin/sh
# Moves a checkout of this project to CDK Terrain: docs/how-to/cdktn.md. To go back: git checkout . && npm ci
set -eu
npm pkg set engines.node=">=22.19"
npm uninstall cdktf-cli
npm install --save-exact --save-dev cdktf@npm:cdktn@0.24.0 @cdktf/provider-aws@npm:@cdktn/provider-aws@25.7.0 cdktn@0.24.0 cdktn-cli@0.24.0
npm run typecheck
npm run synth
