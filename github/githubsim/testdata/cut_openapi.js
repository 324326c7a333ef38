// Cuts GitHub's OpenAPI down to the paths and webhooks that githubsim serves, with the closure of their references.
// See README.md beside this file for how to run it.
'use strict';
const fs = require('fs');

const scopes = ['/orgs/{org}', '/repos/{owner}/{repo}'];
const runnerPaths = ['', '/generate-jitconfig', '/registration-token', '/remove-token', '/downloads', '/{runner_id}'];
const paths = [
  '/app',
  '/app/installations',
  '/app/installations/{installation_id}',
  '/app/installations/{installation_id}/access_tokens',
  '/orgs/{org}/installation',
  '/installation/repositories',
  '/app/hook/deliveries',
  '/app/hook/deliveries/{delivery_id}',
  '/app/hook/deliveries/{delivery_id}/attempts',
  ...scopes.flatMap((s) => runnerPaths.map((p) => `${s}/actions/runners${p}`)),
  '/orgs/{org}/actions/runner-groups',
  '/repos/{owner}/{repo}',
  '/repos/{owner}/{repo}/actions/runs',
  '/repos/{owner}/{repo}/actions/runs/{run_id}',
  '/repos/{owner}/{repo}/actions/runs/{run_id}/jobs',
  '/repos/{owner}/{repo}/actions/runs/{run_id}/cancel',
  '/repos/{owner}/{repo}/actions/runs/{run_id}/rerun-failed-jobs',
  '/repos/{owner}/{repo}/actions/jobs/{job_id}',
  '/repos/{owner}/{repo}/actions/jobs/{job_id}/rerun',
  '/rate_limit',
];
// What only Enterprise Cloud's text has.
const cloudPaths = scopes.map((s) => `${s}/actions/runners/deprecations/{version}`);
// Operations of these paths that githubsim does not serve.
const methods = ['get', 'post', 'delete'];
const skipped = new Set(['repos/delete', 'actions/delete-workflow-run', 'apps/delete-installation',
  'actions/create-self-hosted-runner-group-for-org']);
const webhooks = [
  'webhook-workflow-job-queued', 'webhook-workflow-job-waiting',
  'webhook-workflow-job-in-progress', 'webhook-workflow-job-completed',
  'webhook-workflow-run-requested', 'webhook-workflow-run-in-progress', 'webhook-workflow-run-completed',
  'webhook-ping',
];

// Text for people is left out: it is two thirds of the size and checks nothing.
function bare(v, inProperties) {
  if (Array.isArray(v)) return v.map((x) => bare(x, false));
  if (v === null || typeof v !== 'object') return v;
  const out = {};
  for (const [k, x] of Object.entries(v)) {
    const text = !inProperties && ['description', 'summary', 'example', 'examples', 'externalDocs', 'x-github', 'tags', 'title'].includes(k);
    if (!text) out[k] = bare(x, k === 'properties' && !inProperties);
  }
  return out;
}

function operations(item) {
  const out = item.parameters ? { parameters: item.parameters } : {};
  for (const m of methods) {
    if (item[m] && !skipped.has(item[m].operationId)) out[m] = bare(item[m], false);
  }
  for (const m of methods) {
    // A response must have a description to be OpenAPI at all.
    for (const r of Object.values((out[m] || {}).responses || {})) if (!r.$ref) r.description = '';
  }
  return out;
}

function references(v, found) {
  if (v === null || typeof v !== 'object') return;
  if (typeof v.$ref === 'string') found.push(v.$ref);
  for (const x of Object.values(v)) references(x, found);
}

function close(full, cut) {
  const todo = webhooks.map((n) => `#/components/schemas/${n}`);
  references(cut.paths, todo);
  while (todo.length > 0) {
    const [, , kind, name] = todo.pop().split('/');
    cut.components[kind] = cut.components[kind] || {};
    if (cut.components[kind][name]) continue;
    const part = bare(full.components[kind][name], false);
    if (kind === 'responses') part.description = '';
    cut.components[kind][name] = part;
    references(part, todo);
  }
}

const [full, cloud] = process.argv.slice(2, 4).map((path) => JSON.parse(fs.readFileSync(path, 'utf8')));
const cut = {
  openapi: full.openapi,
  info: { title: full.info.title, version: full.info.version, license: full.info.license },
  servers: full.servers,
  paths: {},
  components: {},
};
for (const p of paths) cut.paths[p] = operations(full.paths[p]);
// They refer to parameters alone, which both texts have.
for (const p of cloudPaths) cut.paths[p] = operations(cloud.paths[p]);
// GitHub's text asks that an account in this list is a user and an enterprise at once. The single installation has it right.
cut.paths['/app/installations'].get.responses['200'].content['application/json'].schema.items = { $ref: '#/components/schemas/installation' };
close(full, cut);
for (const kind of Object.keys(cut.components)) {
  cut.components[kind] = Object.fromEntries(Object.entries(cut.components[kind]).sort(([a], [b]) => (a < b ? -1 : 1)));
}
// One line a path and a component: small, and a new version shows as a readable difference.
const lines = (o) => Object.entries(o).map(([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v)}`).join(',\n');
fs.writeFileSync(process.argv[4], `{"openapi":${JSON.stringify(cut.openapi)},"info":${JSON.stringify(cut.info)},
"servers":${JSON.stringify(cut.servers)},
"paths":{
${lines(cut.paths)}
},
"components":{
${Object.entries(cut.components).map(([k, v]) => `${JSON.stringify(k)}:{\n${lines(v)}\n}`).join(',\n')}
}}
`);
