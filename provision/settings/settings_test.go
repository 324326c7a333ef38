package settings

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"

	"github.com/runfleet/runfleet/fleet"
)

// parameters is a Parameter Store by name; a name that begins with ! is an
// error code.
type parameters map[string]string

func (p parameters) GetParameter(_ context.Context, in *ssm.GetParameterInput, _ ...func(*ssm.Options)) (*ssm.GetParameterOutput, error) {
	value, ok := p[*in.Name]
	code, failed := strings.CutPrefix(value, "!")
	switch {
	case !ok:
		return nil, &smithy.GenericAPIError{Code: "ParameterNotFound", Fault: smithy.FaultClient}
	case code == "deadline":
		return nil, context.DeadlineExceeded
	case failed:
		return nil, &smithy.GenericAPIError{Code: code}
	case !aws.ToBool(in.WithDecryption):
		value = "ciphertext"
	}
	return &ssm.GetParameterOutput{Parameter: &types.Parameter{Value: aws.String(value)}}, nil
}

// write puts a value into a new file of some mode.
func write(t *testing.T, value string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(value), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func resolver() *Resolver {
	env := map[string]string{"SECRET": "hunter2", "EMPTY": ""}
	return &Resolver{
		SSM:    parameters{"/acme/secret": "hunter2", "/acme/slow": "!ThrottlingException", "/acme/broken": "!InternalServerError", "/acme/denied": "!AccessDeniedException", "/acme/silent": "!deadline"},
		Lookup: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
	}
}

func TestAReferenceIsResolvedWhereverItPoints(t *testing.T) {
	for _, tt := range []struct{ name, ref, want string }{
		{"a parameter, decrypted", "ssm:/acme/secret", "hunter2"},
		{"a variable", "env:SECRET", "hunter2"},
		{"a file, without the editor's line end", "file:" + write(t, "hunter2\n", 0o600), "hunter2"},
		{"a file of another system", "file:" + write(t, "hunter2\r\n", 0o600), "hunter2"},
		{"lines within it stay", "file:" + write(t, "a\nb\n\n", 0o600), "a\nb\n"},
	} {
		got, err := resolver().Resolve(t.Context(), tt.ref)
		if err != nil || string(got) != tt.want {
			t.Errorf("%s: got %q, error %v", tt.name, got, err)
		}
	}
}

func TestWhatCannotBeResolvedSaysWhy(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	for _, tt := range []struct {
		name, ref, says string
		want            error
	}{
		{"a file that is not there", "file:" + missing, missing, fleet.ErrConfig},
		{"an empty file", "file:" + write(t, "\n", 0o600), "it is empty", fleet.ErrConfig},
		{"a file too large", "file:" + write(t, strings.Repeat("x", sizeLimit+1), 0o600), "more than", fleet.ErrConfig},
		{"a variable that is not set", "env:MISSING", "env:MISSING", fleet.ErrConfig},
		{"an empty variable", "env:EMPTY", "it is empty", fleet.ErrConfig},
		{"a parameter that is not there", "ssm:/acme/missing", "ParameterNotFound", fleet.ErrConfig},
		{"a parameter that is denied", "ssm:/acme/denied", "AccessDenied", fleet.ErrConfig},
		{"a parameter without a path", "ssm:secret", "slash", fleet.ErrConfig},
		{"throttling", "ssm:/acme/slow", "ssm:/acme/slow", fleet.ErrThrottled},
		{"a fault of SSM", "ssm:/acme/broken", "ssm:/acme/broken", fleet.ErrUnknownOutcome},
		{"no answer", "ssm:/acme/silent", "ssm:/acme/silent", fleet.ErrUnknownOutcome},
		{"nothing", "", "must begin with", fleet.ErrConfig},
	} {
		got, err := resolver().Resolve(t.Context(), tt.ref)
		if got != nil || !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: got %q, error %v", tt.name, got, err)
		}
	}
	if _, err := new(Resolver).Resolve(t.Context(), "ssm:/acme/secret"); !errors.Is(err, fleet.ErrConfig) {
		t.Errorf("without AWS: %v", err)
	}
}

func TestASecretInPlaceOfAReferenceIsNotRepeated(t *testing.T) {
	for _, ref := range []string{"hunter2", "-----BEGIN KEY: hunter2", "env:hunter2-not-a-name", "ssm:hunter2"} {
		if _, err := resolver().Resolve(t.Context(), ref); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", ref, err)
		}
	}
}

func TestAFileThatEverybodyReadsIsAWarning(t *testing.T) {
	for mode, warned := range map[os.FileMode]bool{0o600: false, 0o640: false, 0o644: true} {
		var log bytes.Buffer
		r := &Resolver{Log: slog.New(slog.NewTextHandler(&log, nil))}
		if _, err := r.Resolve(t.Context(), "file:"+write(t, "hunter2", mode)); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(log.String(), "level=WARN"); got != warned || strings.Contains(log.String(), "hunter2") {
			t.Errorf("mode %s: log %q", mode, log.String())
		}
	}
}

func TestAParameterThatIsNotThereIsToldWithItsRegion(t *testing.T) {
	r := resolver()
	r.Region = "eu-west-1"
	_, err := r.Resolve(t.Context(), "ssm:/acme/none")
	if !errors.Is(err, fleet.ErrConfig) || !strings.Contains(err.Error(), "resolve ssm:/acme/none in eu-west-1 (aws.region): ") {
		t.Errorf("error %v", err)
	}
}
