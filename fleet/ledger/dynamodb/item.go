package dynamodb

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/runfleet/runfleet/fleet"
)

// Partitions of the table. A delivery is its own.
const (
	partAlive  = "alive"
	partClosed = "closed"
)

// Kinds of rows: what their sort keys begin with. A look reads them in the order
// of the alphabet, on which it relies: fleet first, intents before machines.
const (
	kindFleet   = "fleet"
	kindIntent  = "intent"
	kindJob     = "job"
	kindMachine = "machine"
	kindMark    = "mark"
	kindNotice  = "notice"
	kindOrder   = "order"
	kindReport  = "report"
	kindRunner  = "runner"
	kindSetback = "setback"

	kindInterrupted = "interrupted"
	kindDrill       = "injection" // of faults: a drill, by a name that follows the fleet's
)

// Limits of DynamoDB.
const (
	itemBytes = 400 << 10 // of one row, names of attributes included
	unitBytes = 1 << 10   // that one write unit pays for
	keyBytes  = 900       // of an id in a sort key, which holds 1,024
)

// key names a row.
type key struct{ pk, sk string }

var fleetKey = key{partAlive, kindFleet}

// rowKey is the key of a row that is alive.
func rowKey(kind, id string) key { return key{partAlive, kind + "#" + short(id)} }

func deliveryKey(id string) key { return key{"delivery#" + short(id), "delivery"} }

// short cuts an id that is too long for a key and tells it apart by its hash;
// the body has it whole.
func short(id string) string {
	if len(id) <= keyBytes {
		return id
	}
	return fmt.Sprintf("%s#%x", strings.ToValidUTF8(id[:keyBytes], ""), sha256.Sum256([]byte(id)))
}

// jobKey is a job's key in a partition. Its digits sort as the numbers do.
func jobKey(part string, k fleet.JobKey) key {
	return key{part, fmt.Sprintf("%s%010d", jobPrefix(k.ID), k.Attempt)}
}

// jobOf is the job that a sort key names.
func jobOf(sk string) (k fleet.JobKey, err error) {
	if _, err := fmt.Sscanf(sk, kindJob+"#%d#%d", &k.ID, &k.Attempt); err != nil {
		return k, fmt.Errorf("%q is no key of a job: %w", sk, err)
	}
	return k, nil
}

// jobPrefix is what the keys of a job's attempts begin with.
func jobPrefix(id fleet.JobID) string { return fmt.Sprintf("%s#%020d#", kindJob, id) }

// item is a row as the table holds it.
type item struct {
	key
	stamp  string    // of a row that events write: who wrote it last
	body   []byte    // JSON, or gzip of it
	until  time.Time // from when it is over; zero: never
	number int64     // of the fleet's row
}

// newItem makes a row of a value. It is an error if DynamoDB cannot hold it.
func newItem(k key, value any) (item, error) {
	body, err := json.Marshal(value)
	if err == nil {
		body, err = slim(body)
	}
	if err != nil {
		return item{}, fmt.Errorf("%s: %w", k.sk, err)
	}
	it := item{key: k, body: body}
	if it.size() > unitBytes {
		it.body = smaller(body)
	}
	if n := it.size(); n > itemBytes {
		return item{}, fmt.Errorf("%s: it has %d bytes, a row of DynamoDB holds %d", k.sk, n, itemBytes)
	}
	return it, nil
}

// slim is a struct's JSON without fields that are zero: reading it gives the
// same struct. It halves what a machine costs at every look.
func slim(body []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return nil, err
	}
	return json.Marshal(slimmed(value))
}

// slimmed leaves empty objects in: a part that is set says what an intent is.
func slimmed(value any) any {
	switch v := value.(type) {
	case []any:
		for i := range v {
			v[i] = slimmed(v[i])
		}
	case map[string]any:
		for name, field := range v {
			switch field {
			case nil, false, "", json.Number("0"), "0001-01-01T00:00:00Z":
				delete(v, name)
			default:
				v[name] = slimmed(field)
			}
		}
	}
	return value
}

// smaller is a body compressed, if that makes it smaller.
func smaller(body []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(body)
	if err := errors.Join(err, w.Close()); err != nil || b.Len() >= len(body) {
		return body
	}
	return b.Bytes()
}

// packed reports whether the body is compressed: no JSON begins so.
func (it item) packed() bool { return len(it.body) > 0 && it.body[0] == 0x1f }

// size is what DynamoDB counts, at most: names, key, body, stamp and ttl.
func (it item) size() int { return len(it.pk) + len(it.sk) + len(it.body) + 64 }

// decode reads the body into a value.
func (it item) decode(to any) error {
	body := it.body
	if it.packed() {
		r, err := gzip.NewReader(bytes.NewReader(body))
		if err == nil {
			body, err = io.ReadAll(r)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", it.sk, err)
		}
	}
	if err := json.Unmarshal(body, to); err != nil {
		return fmt.Errorf("%s: %w", it.sk, err)
	}
	return nil
}

// over reports whether the row's time is over, in whole seconds as DynamoDB
// counts.
func (it item) over(at time.Time) bool { return !it.until.IsZero() && it.until.Unix() <= at.Unix() }

func (k key) attributes() map[string]types.AttributeValue {
	return map[string]types.AttributeValue{attrPK: text(k.pk), attrSK: text(k.sk)}
}

func (it item) attributes() map[string]types.AttributeValue {
	all := it.key.attributes()
	switch {
	case it.packed():
		all[attrBody] = &types.AttributeValueMemberB{Value: it.body}
	case len(it.body) > 0:
		all[attrBody] = text(string(it.body))
	}
	if it.stamp != "" {
		all[attrStamp] = text(it.stamp)
	}
	if !it.until.IsZero() {
		all[attrTTL] = number(it.until.Unix())
	}
	if it.number != 0 {
		all[attrNumber] = number(it.number)
	}
	return all
}

// itemFrom reads a row. Attributes that it does not know it leaves alone.
func itemFrom(all map[string]types.AttributeValue) (item, error) {
	var it item
	var err error
	for name, value := range all {
		switch v := value.(type) {
		case *types.AttributeValueMemberS:
			switch name {
			case attrPK:
				it.pk = v.Value
			case attrSK:
				it.sk = v.Value
			case attrStamp:
				it.stamp = v.Value
			case attrBody:
				it.body = []byte(v.Value)
			}
		case *types.AttributeValueMemberB:
			if name == attrBody {
				it.body = v.Value
			}
		case *types.AttributeValueMemberN:
			n, e := strconv.ParseInt(v.Value, 10, 64)
			err = errors.Join(err, e)
			switch name {
			case attrTTL:
				it.until = time.Unix(n, 0).UTC()
			case attrNumber:
				it.number = n
			}
		}
	}
	return it, err
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}
