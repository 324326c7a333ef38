package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// bad lists what Parse says of the bad files. A new rule costs two lines: one
// in a file, one here.
var bad = []struct{ file, want string }{
	{"anchors.bad.yaml", `
1:8: anchors are not supported; write the value out
2:9: aliases are not supported; write the value out; text that begins with * needs quotes
4:3: merge keys are not supported; write the value out
4:7: aliases are not supported; write the value out; text that begins with * needs quotes
5:8: YAML tags are not supported; write the value out
`},
	{"colon.bad.yaml", `
2:18: a colon without a space; put a space after it, or quotes round the word
2:31: a colon without a space; put a space after it, or quotes round the word
`},
	{"dashes.bad.yaml", `
3:15: nested too deep
`},
	{"deep.bad.yaml", `
2:25: nested too deep
`},
	{"documents.bad.yaml", `
3:1: a second document; keep one document in the file
`},
	{"empty.bad.yaml", `
1:1: empty; begin with the fleet's name: fleet: acme
`},
	{"equal.bad.yaml", `
5:41: github.webhook_secrets[1]: same as github.webhook_secrets[0] (line 5)
8:15: github.allow[1].login: same as github.allow[0].login (line 7)
9:26: github.allow[2].id: same as github.allow[0].id (line 7)
20:11: pools[1].name: same as pools[0].name (line 16)
25:5: pools[2]: same labels, group, priority and market as pools[0] (line 16); change one of the four, or keep one pool
`},
	{"hours.bad.yaml", `
16:19: pools[0].hours.open: day of week must be numbers from 0 (Sunday) to 6 or names from sun to sat; alone, or as in *, 1-5, 1,3 or */2
16:41: pools[0].hours.close: never fires: no such month has such a day
16:62: pools[0].hours.zone: is not in the tz database; name a place such as America/New_York, or UTC
16:86: pools[0].hours.closed: must be cold, wait or refuse; did you mean cold?
22:13: pools[1].hours.open: must be five fields, not a name such as @daily; write 0 0 * * * for midnight
23:14: pools[1].hours.close: must not name a zone; give zone its own key
24:13: pools[1].hours.zone: is not in the tz database; name a place such as America/New_York, or UTC
25:7: pools[1].hours.open_at: unknown key
30:19: pools[2].hours.open: must have five fields, not six: there are no seconds and no years; such as 0 8 * * 1-5, at 08:00 from Monday to Friday
30:43: pools[2].hours.close: must not be empty
30:53: pools[2].hours.zone: must be text, not a number; put it in quotes
35:37: pools[3].hours.close: never closes: an opening falls on each closing; leave hours out for a pool that never closes
40:5: pools[4].hours.close: missing
40:5: pools[4].hours.open: missing
40:5: pools[4].hours.zone: missing
45:12: pools[5].hours: must be a map of keys, not text
`},
	{"keys.bad.yaml", `
2:1: fleet: given twice, first in line 1
4:3: github.app-id: unknown key; did you mean app_id?
8:32: github.allow[0].id: given twice, first in line 8
14:3: aws.disk_gib: unknown key; it is known as pools[].disk_gib
15:1: pols: unknown key; did you mean pools?
16:1: serve: has no value; give it one or remove the line
17:10: limits.machnies: unknown key; did you mean machines?
22:5: pools[0].shape.vcpu: missing
22:13: pools[0].shape.cpus: unknown key
23:5: pools[0].boot-limit: unknown key; did you mean boot_limit?
25:5: pools[1].arch: missing
25:5: pools[1].max: missing
25:5: pools[1].name: missing
26:5: pools[1].nonsense: unknown key
27:5: pools[1].(a key): unknown key
28:5: pools[2].labels: missing
`},
	{"later.bad.yaml", `
4:10: github.apps[0].app_id: missing
4:10: github.apps[0].private_key: missing
4:11: github.apps[0].id: unknown key; it is known as github.allow[].id
7:32: github.allow[0].forks: not supported yet
14:10: limits.usd_per_day: not supported yet
20:5: pools[0].warm: not supported yet
21:5: pools[0].max_price: not supported yet
22:5: pools[0].close_hard_after: not supported yet
23:5: pools[0].forks: not supported yet
`},
	{"forks.bad.yaml", `
2:78: github.forks: there is no pool b
`},
	{"list.bad.yaml", `
1:1: must be a map of keys, not a list
`},
	{"standing.bad.yaml", `
16:15: pools[0].lifetime: must be ephemeral or standing; did you mean standing?
22:13: pools[1].market: must be on-demand: a Spot machine cannot be stopped and started; leave it out, or say on-demand
23:19: pools[1].registration: must be token: a runner of jit takes one job; leave it out, or say token
29:15: pools[2].lifetime: standing runners need an account, and several are allowed; name one by account
35:14: pools[3].account: is not under github.allow; list it there, with its id
40:14: pools[4].account: only a standing pool has an account; say lifetime: standing, or leave it out
46:14: pools[5].account: must be a GitHub login
47:13: pools[5].market: must be on-demand: a Spot machine cannot be stopped and started; leave it out, or say on-demand
52:5: pools[6].parameters: only a standing pool has them; say lifetime: standing, or leave them out
59:23: pools[7].parameters.url: must not be below /runfleet
59:61: pools[7].parameters.token: must not begin with aws or ssm: AWS keeps these names
66:34: pools[8].parameters.token: must be another name than the address's
66:38: pools[8].parameters.name: unknown key; it is known as pools[].name
73:23: pools[9].parameters.url: same as pools[8].parameters.url, for another account; give each account its own
73:34: pools[9].parameters.token: must be a name such as gh-token or /ci/gh-token
`},
	{"share.bad.yaml", `
8:10: aws.share: must be a number above 0 and up to 1, such as 0.5; take the quotes away
`},
	{"syntax.bad.yaml", `
2:9: not valid YAML: sequence end token ']' not found
`},
	{"types.bad.yaml", `
1:8: fleet: must be text, not a number; put it in quotes
3:11: github.app_id: must be a whole number, not text; take the quotes away
4:3: github.private_key: must name where the secret is, and not be the secret itself; write ssm:/path, file:path or env:NAME
5:20: github.webhook_secrets: must be a list, not text; put it in brackets: [ ]
6:3: github.allow: must be a list, not a map; put it in brackets: [ ]
7:6: aws: must be a map of keys, not text
8:1: serve: must be a map of keys, not a list
10:13: limits.machines: must be a whole number, not text
11:24: limits.launches_per_minute: must be a whole number, not a fraction
13:5: pools[0]: must be a map of keys, not text
14:4: pools[1]: has no value; give it one or remove the line
15:5: pools[2].name: must be text, not a list
16:14: pools[2].labels[0]: must be text, not true or false; put it in quotes
16:20: pools[2].labels[1]: must be text, not a fraction; put it in quotes
16:27: pools[2].labels[2]: has no value; give it one or remove the line
16:33: pools[2].labels[3]: must be text, not a map
17:12: pools[2].exact: must be true or false, not text
18:15: pools[2].overflow: must be true or false, not text
19:5: pools[2].priority: has no value; give it one or remove the line
20:5: pools[2].arch: must be arm64 or x86_64
21:12: pools[2].shape: must be a map of keys, not a number
22:10: pools[2].max: must be a whole number in plain decimal digits
23:17: pools[2].boot_limit: must be a length of time such as 90s, 10m or 6h15m; say its unit: h, m or s
24:17: pools[2].idle_limit: must be a length of time such as 90s, 10m or 6h15m
25:15: pools[2].disk_gib: must be a whole number in plain decimal digits
26:5: pools[2].job_limit: must be a length of time such as 90s, 10m or 6h15m
28:13: pools[3].labels: must be a list, not text; put it in brackets: [ ]
30:19: pools[3].shape.vcpu: must be a whole number, not text
30:37: pools[3].shape.memory_gib: must be a whole number or a range such as 8..16
31:5: pools[3].types: not beside shape (line 30); keep one of the two
31:12: pools[3].types: must be a list, not text; put it in brackets: [ ]
32:10: pools[3].max: must be a whole number in plain decimal digits
`},
	{"onequeue.bad.yaml", `
8:72: aws.queues.reports: same as aws.queues.events; give reports a queue of their own
`},
	{"queues.bad.yaml", `
9:13: aws.queues.events: must be a queue's URL such as https://sqs.us-east-1.amazonaws.com/123456789012/runfleet-events
10:14: aws.queues.reports: must be a standard queue, not a FIFO queue
11:5: aws.queues.looks: unknown key
`},
	{"utf8.bad.yaml", `
2:14: not UTF-8; save the file as UTF-8
`},
	{"values.bad.yaml", `
1:8: fleet: must be lower-case letters, digits and dashes, a letter first
3:11: github.app_id: must be at least 1
4:16: github.private_key: must name where the secret is, and not be the secret itself; write ssm:/path, file:path or env:NAME
7:3: github.webhook_secrets: must have at most 2
7:21: github.webhook_secrets[0]: must name where the secret is, and not be the secret itself; write ssm:/path, file:path or env:NAME
7:30: github.webhook_secrets[1]: must be ssm:/path, file:path or env:NAME
7:45: github.webhook_secrets[2]: must be ssm:/path, file:path or env:NAME
7:61: github.webhook_secrets[3]: must name where the secret is, and not be the secret itself; write ssm:/path, file:path or env:NAME
9:15: github.allow[0].login: must be a GitHub login
9:32: github.allow[0].id: must be at least 1
9:45: github.allow[0].public[0]: must be the name of a repository, without its owner
10:12: github.api_url: must begin with https://
12:11: aws.region: must be a region such as us-east-1
13:13: aws.subnets[0]: must be an id such as subnet-0abc
13:30: aws.subnets[2]: same as aws.subnets[1] (line 13)
14:3: aws.security_groups: must have at least 1
15:21: aws.instance_profile: must be the profile's name, not its ARN
16:12: aws.kms_key: must be a key's id, alias/name or ARN
17:10: aws.tags.(a key): a tag's key has letters, digits and + - = . , _ : @ only
17:20: aws.tags.(a key): a tag's key has letters, digits and + - = . , _ : @ only
17:28: aws.tags.aws:x: this tag key is reserved; keys must not begin with aws: or runfleet
17:40: aws.tags.AWS:y: this tag key is reserved; keys must not begin with aws: or runfleet
17:52: aws.tags.runfleet-x: this tag key is reserved; keys must not begin with aws: or runfleet
17:67: aws.tags._index: this tag key is reserved; keys must not begin with aws: or runfleet
17:78: aws.tags...: this tag key is reserved; keys must not begin with aws: or runfleet
17:88: aws.tags.c: must be text, not a number; put it in quotes
17:94: aws.tags.d: must be one line without control characters
18:17: serve.listen: must be host:port or :port
18:33: serve.ledger: must not be empty
19:20: limits.machines: must be at least 1
19:44: limits.launches_per_minute: must be at most 100000
21:11: pools[0].name: must be lower-case letters, digits and dashes, a letter first
22:5: pools[0].labels: must have at least 1
23:11: pools[0].arch: must be arm64 or x86_64; did you mean arm64?
24:19: pools[0].shape.vcpu: must be at least 1
24:34: pools[0].shape.memory_gib: must rise from left to right
25:12: pools[0].image: must be ami-... or ssm:/path
26:15: pools[0].disk_gib: must be at least 8
27:13: pools[0].market: must be spot, on-demand or spot-first; did you mean on-demand?
28:10: pools[0].max: must be at least 1
29:15: pools[0].priority: must be at most 1000
30:17: pools[0].boot_limit: must be at least 1m
31:17: pools[0].idle_limit: must be a length of time such as 90s, 10m or 6h15m
32:16: pools[0].job_limit: must be at most 120h
33:18: pools[0].alert_after: must be a length of time such as 90s, 10m or 6h15m
34:11: pools[1].name: must have at most 32 characters
35:14: pools[1].labels[0]: must be without a comma, and without spaces at its ends
35:21: pools[1].labels[1]: must not be empty
35:25: pools[1].labels[2]: must be without a comma, and without spaces at its ends
35:32: pools[1].labels[3]: must be one line without control characters
35:47: pools[1].labels[5]: same as pools[1].labels[4] (line 35)
36:11: pools[1].arch: must be arm64 or x86_64
37:34: pools[1].shape.memory_gib: must be a whole number or a range such as 8..16
38:5: pools[1].types: not beside shape (line 37); keep one of the two
38:13: pools[1].types[0]: must be an instance type such as c6g.xlarge
38:32: pools[1].types[2]: same as pools[1].types[1] (line 38)
39:10: pools[1].max: must be at least 1
40:15: pools[1].disk_gib: must be at most 16384
`},
}

func TestEveryProblemOfABadFileIsToldAtItsPlace(t *testing.T) {
	for _, tt := range bad {
		t.Run(tt.file, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join("testdata", tt.file))
			if err != nil {
				t.Fatal(err)
			}
			_, err = Parse(tt.file, data)
			if err == nil {
				t.Fatal("no problem was found")
			}
			got := strings.ReplaceAll(err.Error(), tt.file+":", "")
			if diff := cmp.Diff(strings.TrimSpace(tt.want), got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEveryBadFileIsInTheTable(t *testing.T) {
	files, err := filepath.Glob("testdata/*.bad.yaml")
	if err != nil || len(files) != len(bad) {
		t.Errorf("%d files, %d in the table, error %v", len(files), len(bad), err)
	}
}
