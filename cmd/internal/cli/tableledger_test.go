package cli_test

import (
	"fmt"
	"hash/crc32"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runfleet/runfleet/cmd/internal/cli"
)

// tables is a DynamoDB that answers every request alike, and remembers where
// from and by whom it was asked.
type tables struct {
	status int
	answer string
	asked  string // the last request's credential scope and operation
}

func (d *tables) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.asked = r.Header.Get("Authorization") + " " + r.Header.Get("X-Amz-Target")
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.Header().Set("X-Amz-Crc32", fmt.Sprint(crc32.ChecksumIEEE([]byte(d.answer))))
	w.WriteHeader(d.status)
	fmt.Fprint(w, d.answer)
}

// refusal is an error of DynamoDB's.
func refusal(kind, text string) tables {
	return tables{status: http.StatusBadRequest, answer: fmt.Sprintf(`{"__type": "com.amazonaws.dynamodb.v20120810#%s", "message": %q}`, kind, text)}
}

// holding is a table in which every read finds one row.
func holding(row string) tables {
	return tables{status: http.StatusOK, answer: `{"Responses": {"acme-ledger": [` + row + `]}, "Items": [` + row + `], "UnprocessedKeys": {}}`}
}

func fleetRow(fleet string, form int) string {
	return fmt.Sprintf(`{"pk": {"S": "alive"}, "sk": {"S": "fleet"}, "n": {"N": "7"}, "body": {"S": "{\"fleet\":\"%s\",\"ledger\":\"0123456789abcdef\",\"version\":%d}"}}`, fleet, form)
}

// inTable is a fleet file whose ledger is in a table, and an environment in which
// nothing but AWS's address and keys are set.
func inTable(t *testing.T, d *tables, text string) (file string) {
	t.Helper()
	s := httptest.NewServer(d)
	t.Cleanup(s.Close)
	dir := t.TempDir()
	for name, value := range map[string]string{
		"HOME": dir, "AWS_ENDPOINT_URL": s.URL, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_REGION": "", "AWS_DEFAULT_REGION": "", "AWS_PROFILE": "", "RUNFLEET_TABLE": "",
	} {
		t.Setenv(name, value)
	}
	file = filepath.Join(dir, "runfleet.yaml")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(text, "LEDGER", "dynamodb:acme-ledger")), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestALedgerInATableThatIsNotToBeHadIsToldWithItsRemedy(t *testing.T) {
	for _, tt := range []struct {
		name string
		does tables
		code int
		says []string
	}{
		{"no such table", refusal("ResourceNotFoundException", "Requested resource not found"), cli.ExitFailed,
			[]string{"open ledger acme-ledger: there is no such table; a deployment makes it, and tells its name as the output Table", "(region us-east-1)"}},
		{"no permission", refusal("AccessDeniedException", "not authorized to perform: dynamodb:BatchGetItem"), cli.ExitFailed,
			[]string{"open ledger acme-ledger: ", "not authorized to perform: dynamodb:BatchGetItem"}},
		{"credentials that are no good", refusal("UnrecognizedClientException", "The security token included in the request is invalid."), cli.ExitFailed,
			[]string{"security token included in the request is invalid"}},
		{"an empty table", holding(""), cli.ExitFailed, []string{"the table is empty; the functions make the ledger when they first begin"}},
		{"another fleet's", holding(fleetRow("umbrella", 1)), cli.ExitFailed, []string{`it is fleet "umbrella"'s, the fleet file names "acme"; name another table`}},
		{"a newer program's", holding(fleetRow("acme", 99)), cli.ExitFailed, []string{"it has form 99", "run the newer program"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := inTable(t, &tt.does, fleetFile)
			for _, verb := range asking {
				args := append(strings.Fields(verb), "--config", file)
				if strings.HasPrefix(verb, "backup") || verb == "plan" { // below; it asks GitHub's key first
					continue
				}
				code, out, log := run(t, args...)
				if code != tt.code || out != "" {
					t.Errorf("%s: exit %d: %s%s", verb, code, out, log)
				}
				for _, want := range tt.says {
					if !strings.Contains(log, want) {
						t.Errorf("%s does not say %q: %s", verb, want, log)
					}
				}
			}
		})
	}
}

func TestALedgerInATableNeedsCredentialsAndTheFleetFilesRegion(t *testing.T) {
	d := holding(fleetRow("acme", 1))
	file := inTable(t, &d, fleetFile)
	if code, out, log := run(t, "status", "--config", file); code != cli.ExitOK || !strings.Contains(d.asked, "/us-east-1/dynamodb/") {
		t.Errorf("without a region in the environment: exit %d, asked %s: %s%s", code, d.asked, out, log)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	d.asked = ""
	code, out, log := run(t, "status", "--config", file)
	if code != cli.ExitFailed || out != "" || d.asked != "" ||
		!strings.Contains(log, "open ledger dynamodb:acme-ledger: no credentials for AWS (set AWS_PROFILE, or run aws sso login)") {
		t.Errorf("without credentials: exit %d, asked %q: %s%s", code, d.asked, out, log)
	}
	file = inTable(t, &d, strings.Replace(fleetFile, "  region: us-east-1\n", "", 1))
	if code, out, log := run(t, "status", "--config", file); code != cli.ExitUsage || !strings.Contains(log, "aws.region") {
		t.Errorf("without a region: exit %d: %s%s", code, out, log)
	}
}

func TestWhatOnlyAFileCanDoIsRefusedOfATable(t *testing.T) {
	d := holding(fleetRow("acme", 1))
	file := inTable(t, &d, fleetFile)
	for args, want := range map[string]string{
		"serve":                            "serve keeps its ledger in a file, and dynamodb:acme-ledger is a table, whose fleet functions manage: name a file under serve.ledger",
		"backup copy.db":                   "AWS keeps every second of its last 35 days (aws dynamodb restore-table-to-point-in-time",
		"adopt --new":                      "in a table the functions make their ledger by themselves",
		"status --ledger dynamodb:a":       "--ledger or RUNFLEET_TABLE: must be a file, or dynamodb: and the name of a table",
		"jobs --ledger dynamodb:a/b/c":     "must be a file, or dynamodb: and the name of a table",
		"machines list --ledger dynamodb:": "must be a file, or dynamodb: and the name of a table",
	} {
		if code, out, log := run(t, append(strings.Fields(args), "--config", file)...); code != cli.ExitUsage || out != "" || !strings.Contains(log, want) {
			t.Errorf("%s: exit %d: %s%s", args, code, out, log)
		}
	}
	if d.asked != "" {
		t.Errorf("AWS was asked: %s", d.asked)
	}
	t.Setenv("RUNFLEET_TABLE", "acme-ledger")
	if code, _, log := run(t, "serve", "--config", operated(t)); code != cli.ExitUsage || !strings.Contains(log, "and no RUNFLEET_TABLE") {
		t.Errorf("serve beside RUNFLEET_TABLE: exit %d: %s", code, log)
	}
}

func TestALedgerIsNamedByTheFlagThenTheEnvironmentThenTheFile(t *testing.T) {
	d := holding(fleetRow("acme", 1))
	inTable(t, &d, fleetFile)
	file := operated(t)
	ledger := filepath.Join(filepath.Dir(file), "acme.db")
	for _, tt := range []struct{ name, env, flag, want string }{
		{"by the file", "", "", ledger},
		{"by the environment before it", "acme-ledger", "", "dynamodb:acme-ledger"},
		{"by the flag before both", "another", "dynamodb:acme-ledger", "dynamodb:acme-ledger"},
		{"which may be a file too", "another", ledger, ledger},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("RUNFLEET_TABLE", tt.env)
			args := []string{"status", "-o", "json", "--config", file}
			if tt.flag != "" {
				args = append(args, "--ledger", tt.flag)
			}
			if code, out, log := run(t, args...); code != cli.ExitOK || !strings.Contains(out, fmt.Sprintf("%q: %q", "ledger", tt.want)) {
				t.Errorf("exit %d: %s%s", code, out, log)
			}
		})
	}
}

func TestStatusSaysWhetherTheFunctionsLook(t *testing.T) {
	mark := func(value string) string {
		return fmt.Sprintf(`, {"pk": {"S": "alive"}, "sk": {"S": "mark#looked"}, "body": {"S": "{\"value\":\"%s\"}"}}`, value)
	}
	for _, tt := range []struct{ name, row, says, json string }{
		{"before the first look", "", "the functions do not look, so nothing is launched or ended: see the log of look; no full look yet", `"manager": "none"`},
		{"while they look", mark(ago(90)), "the functions look; last full look 1m3", `"manager": "runs"`},
		{"when they stopped", mark(ago(400)), "the functions do not look, so nothing is launched or ended: see the log of look; last full look 6m4", `"manager": "none"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := holding(fleetRow("acme", 1) + tt.row)
			file := inTable(t, &d, fleetFile)
			if code, out, log := run(t, "status", "--config", file); code != cli.ExitOK || !strings.Contains(out, "\n  "+tt.says) {
				t.Errorf("exit %d: %s%s", code, out, log)
			}
			if code, out, log := run(t, "status", "-o", "json", "--config", file); code != cli.ExitOK || !strings.Contains(out, tt.json) {
				t.Errorf("exit %d: %s%s", code, out, log)
			}
		})
	}
}
