// Judges requests by IAM policies, as IAM would, without an account.
//
//   node simulate.mjs FOLDER <requests.json
//
// FOLDER is where the packages of package.json are installed. Standard input is
// a list of {principal, action, resource, context, policies}, standard output
// the list of results: Allowed, ImplicitlyDenied or ExplicitlyDenied.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'

const require = createRequire(resolve(process.argv[2]) + '/')
const { runSimulation } = require('@cloud-copilot/iam-simulate')

async function judge(request) {
  const { principal, action, resource, context, policies } = request
  const answer = await runSimulation({
    request: { principal, action, resource, contextVariables: context ?? {} },
    identityPolicies: Object.entries(policies).map(([name, policy]) => ({ name, policy })),
    serviceControlPolicies: [],
    resourceControlPolicies: [],
  }, {})
  if (answer.resultType !== 'single') throw new Error(`${action}: ${JSON.stringify(answer)}`)
  // A key that the action does not know is left out without a word: a
  // condition on it would hold for nobody.
  const ignored = answer.result.ignoredContextKeys ?? []
  if (ignored.length > 0) throw new Error(`${action} does not know ${ignored}`)
  return answer.overallResult
}

const results = []
for (const request of JSON.parse(readFileSync(0, 'utf8'))) results.push(await judge(request))
process.stdout.write(JSON.stringify(results))
