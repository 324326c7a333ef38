package cli_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/runfleet/runfleet/github/githubsim"
)

// account is an AWS account over HTTP in which a fleet has a subnet and nothing
// else. It remembers what it was asked.
type account struct {
	lock  sync.Mutex
	calls []string
	owner string // of the fleet, in SSM
}

// answers are what EC2 and STS say, by the call's name.
var answers = map[string]string{
	"GetCallerIdentity": `<GetCallerIdentityResult><Account>123456789012</Account></GetCallerIdentityResult>`,
	"DescribeInstances": `<reservationSet/>`,
	"DescribeSubnets": `<subnetSet><item><subnetId>subnet-aaa</subnetId><availabilityZone>us-east-1a</availabilityZone>` +
		`<availableIpAddressCount>200</availableIpAddressCount><state>available</state></item></subnetSet>`,
	"DescribeLaunchTemplates": `<launchTemplates/>`,
}

func (a *account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	a.lock.Lock()
	defer a.lock.Unlock()
	if _, call, ok := strings.Cut(r.Header.Get("X-Amz-Target"), "."); ok {
		a.calls = append(a.calls, call)
		a.ssm(w, call, body)
		return
	}
	form, _ := url.ParseQuery(string(body))
	call := form.Get("Action")
	a.calls = append(a.calls, call)
	answer, ok := answers[call]
	if !ok {
		http.Error(w, "not answered here: "+call, http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	fmt.Fprintf(w, "<%sResponse>%s</%sResponse>", call, answer, call)
}

func (a *account) ssm(w http.ResponseWriter, call string, body []byte) {
	var in struct {
		Name, Value string
		Overwrite   bool
	}
	broken := json.Unmarshal(body, &in)
	if call == "GetParameter" && a.owner == "" {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"__type": "ParameterNotFound"}`)
		return
	}
	if call == "PutParameter" && a.owner != "" && !in.Overwrite {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"__type": "ParameterAlreadyExists"}`)
		return
	}
	if call == "GetParameter" {
		fmt.Fprintf(w, `{"Parameter": {"Value": %q}}`, a.owner)
		return
	}
	if broken != nil || call != "PutParameter" || in.Name != "/runfleet/acme/settings/owner" || !in.Overwrite {
		http.Error(w, "not answered here: "+call, http.StatusBadRequest)
		return
	}
	a.owner = in.Value
	fmt.Fprint(w, `{"Version": 2}`)
}

// asked are the kinds of calls that were made, each once.
func (a *account) asked() []string {
	a.lock.Lock()
	defer a.lock.Unlock()
	return slices.Compact(slices.Sorted(slices.Values(a.calls)))
}

// clouds sets a simulated GitHub and AWS up for verbs that ask them: the key
// and secrets are in the environment, GitHub's address is returned.
func clouds(t *testing.T) (*account, string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	a := &account{}
	aws := httptest.NewServer(a)
	t.Cleanup(aws.Close)
	gh := githubsim.New(githubsim.Config{
		Seed: 1, Now: time.Now, After: func(d time.Duration, f func()) { time.AfterFunc(d, f) }, AppID: 12345, PublicKey: &key.PublicKey,
	})
	gh.AddInstallation(githubsim.Installation{ID: 1, Account: "acme"})
	api := httptest.NewServer(gh)
	t.Cleanup(api.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": aws.URL, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "SECRET": "hush",
		"KEY": string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})),
	} {
		t.Setenv(name, value)
	}
	return a, api.URL
}
