package stacks

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/runfleet/runfleet/fleet/config"
)

// fleetFile is what the stacks need to know of the fleet file.
type fleetFile struct {
	path           string
	privateKeys    []string // paths of parameters
	webhookSecrets []string // likewise
}

// readFleetFile reads the fleet file by its own rules, and by those of a
// manager that runs as functions. The error names everything that is wrong.
func readFleetFile(c Config) (fleetFile, error) {
	text, err := os.ReadFile(c.FleetFile)
	if err != nil {
		return fleetFile{}, fmt.Errorf("fleet_file: %w", err)
	}
	file, err := config.Parse(c.FleetFile, text)
	if err != nil {
		return fleetFile{}, fmt.Errorf("fleet_file: %w", err)
	}
	var problems []error
	refuse := func(wrong bool, text string, args ...any) {
		if wrong {
			problems = append(problems, fmt.Errorf("fleet_file: "+text, args...))
		}
	}
	refuse(file.Name != c.Fleet, "it is the file of fleet %s, and fleet says %s", file.Name, c.Fleet)
	refuse(file.AWS.Region != c.Region, "its region is %s, and region says %s", file.AWS.Region, c.Region)
	refuse(file.AWS.KMSKey != "" && c.KMSKey == "", "it names a key under aws.kms_key; say its ARN as kms_key too, so that the roles may use it")
	refuse(file.AWS.KMSKey == "" && c.KMSKey != "", "it names no key under aws.kms_key, and kms_key does")
	read := fleetFile{path: c.FleetFile, privateKeys: places(file.GitHub.PrivateKeys), webhookSecrets: places(file.GitHub.WebhookSecrets)}
	for i, s := range slices.Concat(file.GitHub.PrivateKeys, file.GitHub.WebhookSecrets) {
		// Functions have no files and no variables of the operator's own.
		refuse(s.Scheme() != "ssm", "secret %d of github must begin with ssm: here", i+1)
	}
	for i, a := range file.GitHub.Apps {
		read.privateKeys = append(read.privateKeys, places(a.PrivateKeys)...)
		read.webhookSecrets = append(read.webhookSecrets, places(a.WebhookSecrets)...)
		elsewhere := func(s config.Secret) bool { return s.Scheme() != "ssm" }
		refuse(slices.ContainsFunc(a.PrivateKeys, elsewhere), "private_key of github.apps[%d] must begin with ssm: here", i)
		refuse(slices.ContainsFunc(a.WebhookSecrets, elsewhere), "webhook_secrets of github.apps[%d] must begin with ssm: here", i)
	}
	return read, errors.Join(problems...)
}

// places is where secrets are, without their schemes.
func places(all []config.Secret) (paths []string) {
	for _, s := range all {
		paths = append(paths, s.Place())
	}
	return paths
}
