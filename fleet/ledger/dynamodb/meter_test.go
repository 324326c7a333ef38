package dynamodb

import (
	"encoding/base64"
	"encoding/json"
)

// meter counts read and write units by DynamoDB's published rules, because moto
// answers with constants. A write counts by the larger of the row before and
// after, a kilobyte a unit; in a transaction twice, a check too. A strongly
// consistent read counts four kilobytes a unit: a page of a Query by its sum,
// a batch row by row, with one for a row that is not there.
type meter struct {
	sizes         map[string]int // of the rows as written
	reads, writes int
}

type attributes map[string]map[string]string

func (a attributes) size() (n int) {
	for name, value := range a {
		n += len(name)
		for kind, v := range value {
			switch kind {
			case "N":
				n += len(v)/2 + 1
			case "B":
				n += base64.StdEncoding.DecodedLen(len(v))
			default:
				n += len(v)
			}
		}
	}
	return n
}

func (a attributes) key() string { return a["pk"]["S"] + "\x00" + a["sk"]["S"] }

func units(size, of int) int { return max(1, (size+of-1)/of) }

// wrote is the units of one write, made or not.
func (m *meter) wrote(item, key attributes, made bool) int {
	k := key
	if item != nil {
		k = item
	}
	size := item.size()
	n := units(max(size, m.sizes[k.key()]), 1024)
	switch {
	case !made:
	case item != nil:
		m.sizes[k.key()] = size
	default:
		delete(m.sizes, k.key())
	}
	return n
}

func (m *meter) count(op string, request, answer []byte, made bool) {
	type action struct{ Item, Key attributes }
	switch op {
	case "TransactWriteItems":
		var in struct{ TransactItems []map[string]action }
		must(json.Unmarshal(request, &in))
		for _, t := range in.TransactItems {
			for kind, a := range t {
				changes := made && (kind == "Put" || kind == "Delete")
				m.writes += 2 * m.wrote(a.Item, a.Key, changes)
			}
		}
	case "BatchWriteItem":
		var in struct {
			RequestItems map[string][]map[string]action
		}
		must(json.Unmarshal(request, &in))
		for _, writes := range in.RequestItems {
			for _, w := range writes {
				for _, a := range w {
					m.writes += m.wrote(a.Item, a.Key, made)
				}
			}
		}
	case "Query":
		var out struct{ Items []attributes }
		must(json.Unmarshal(answer, &out))
		size := 0
		for _, it := range out.Items {
			size += it.size()
		}
		m.reads += units(size, 4096)
	case "BatchGetItem":
		var in struct {
			RequestItems map[string]struct{ Keys []attributes }
		}
		must(json.Unmarshal(request, &in))
		for _, get := range in.RequestItems {
			for _, k := range get.Keys {
				m.reads += units(m.sizes[k.key()], 4096)
			}
		}
	}
}
