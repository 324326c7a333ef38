package awssim

import (
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// matches reports whether something fits all filters. A filter that facts does
// not know is refused: to ignore it would show too much.
func matches(filters []types.Filter, facts func(name string) ([]string, bool)) (bool, error) {
	for _, f := range filters {
		values, known := facts(aws.ToString(f.Name))
		if !known {
			return false, refuse("InvalidParameterValue", "The filter '%s' is invalid", aws.ToString(f.Name))
		}
		if !slices.ContainsFunc(values, func(v string) bool {
			return slices.ContainsFunc(f.Values, func(pattern string) bool { return wild(pattern, v) })
		}) {
			return false, nil
		}
	}
	return true, nil
}

// wild matches EC2's wildcards: * for any letters, ? for one.
func wild(pattern, text string) bool {
	if pattern == "" || text == "" {
		return strings.Trim(pattern, "*") == "" && text == ""
	}
	switch pattern[0] {
	case '*':
		return wild(pattern[1:], text) || wild(pattern, text[1:])
	case '?', text[0]:
		return wild(pattern[1:], text[1:])
	}
	return false
}

// tagFacts are what filters ask of tags.
func tagFacts(tags []types.Tag, name string) (values []string, known bool) {
	key, byKey := strings.CutPrefix(name, "tag:")
	if !byKey && name != "tag-key" {
		return nil, false
	}
	for _, t := range tags {
		switch {
		case !byKey:
			values = append(values, aws.ToString(t.Key))
		case aws.ToString(t.Key) == key:
			values = append(values, aws.ToString(t.Value))
		}
	}
	return values, true
}

// page is the part of a list that a call asks for, and the token of the next.
func page[T any](all []T, token *string, most *int32, usual int) ([]T, *string, error) {
	from, err := place(token)
	if err != nil {
		return nil, nil, err
	}
	if most != nil {
		usual = int(*most)
	}
	if usual < 1 || usual > 1000 {
		return nil, nil, refuse("InvalidParameterValue", "Value (%d) for parameter maxResults is invalid", usual)
	}
	from = min(from, len(all))
	to := min(from+usual, len(all))
	if to == len(all) {
		return all[from:], nil, nil
	}
	return all[from:to], aws.String(strconv.Itoa(to)), nil
}

// place is where a page begins.
func place(token *string) (int, error) {
	if aws.ToString(token) == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(*token)
	if err != nil || n < 0 {
		return 0, refuse("InvalidNextToken", "The token '%s' is invalid", *token)
	}
	return n, nil
}
