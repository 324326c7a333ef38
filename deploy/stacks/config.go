package stacks

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Config says what is deployed.
type Config struct {
	Fleet        string // name of the fleet
	Region       string // of AWS
	FleetFile    string // path of the fleet file; empty: the network alone
	AlarmAddress string // for mail about alarms; empty: they tell nobody
	VPC          string // id of a VPC that is there; empty: one is made
	Zones        int    // of the VPC that is made
	NATGateways  int    // of the VPC that is made; 0: machines have public addresses
	KMSKey       string // ARN of the key that the fleet file names under aws.kms_key
}

// DefaultZones is how many zones a VPC has that is made.
const DefaultZones = 3

// fields are the keys and where their values go: a *string or an *int.
func (c *Config) fields() map[string]any {
	return map[string]any{
		"fleet": &c.Fleet, "region": &c.Region, "fleet_file": &c.FleetFile, "alarm_address": &c.AlarmAddress,
		"vpc": &c.VPC, "zones": &c.Zones, "nat_gateways": &c.NATGateways, "kms_key": &c.KMSKey,
	}
}

// keys are all keys, in order.
func keys() []string { return slices.Sorted(maps.Keys(new(Config).fields())) }

// ConfigKey is the key of the context that names a file of the others.
const ConfigKey = "config"

// Read reads a Config from the context of the CDK (nil is no value), which goes
// before the file that the context may name. A path in that file is seen from
// the file, any other from the working directory. The error names everything
// that is wrong.
func Read(context func(key string) any) (Config, error) {
	var c Config
	var problems []error
	if path := context(ConfigKey); path != nil {
		problems = append(problems, c.file(fmt.Sprint(path)))
	}
	for _, key := range keys() {
		if value := context(key); value != nil {
			problems = append(problems, c.set(key, value))
		}
	}
	if c.VPC == "" && c.Zones == 0 {
		c.Zones = DefaultZones
	}
	problems = append(problems, c.problems()...)
	return c, errors.Join(problems...)
}

// file reads the keys of a file.
func (c *Config) file(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("%s: %w", ConfigKey, err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var values map[string]any
	if err := d.Decode(&values); err != nil {
		return fmt.Errorf("%s: %s: it must be one JSON object: %w", ConfigKey, path, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: %s: something stands behind the JSON object", ConfigKey, path)
	}
	var problems []error
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if err := c.set(key, values[key]); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", path, err))
		}
	}
	if c.FleetFile != "" && !filepath.IsAbs(c.FleetFile) {
		c.FleetFile = filepath.Join(filepath.Dir(path), c.FleetFile)
	}
	return errors.Join(problems...)
}

// set sets a key. A number may be written as text: the CDK's command line
// knows nothing else.
func (c *Config) set(key string, value any) error {
	switch to := c.fields()[key].(type) {
	case *string:
		text, ok := value.(string)
		if !ok {
			return fmt.Errorf("%s: must be a text", key)
		}
		*to = text
	case *int:
		n, err := strconv.Atoi(fmt.Sprint(value))
		if err != nil {
			return fmt.Errorf("%s: must be a whole number", key)
		}
		*to = n
	default:
		return fmt.Errorf("%s: unknown key; there are %s", key, strings.Join(keys(), ", "))
	}
	return nil
}
