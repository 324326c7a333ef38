package replay

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// longest is what instants since 1970 and spans may be: the year 2100, and more
// than any job runs.
const longest = 130 * 365 * 24 * time.Hour

// instant reads seconds since 1970, or RFC 3339.
func instant(text string) (time.Duration, error) {
	text = strings.TrimSpace(text)
	if d, err := seconds(text); err == nil {
		return d, nil
	}
	if at, err := time.Parse(time.RFC3339, strings.Replace(text, " ", "T", 1)); err == nil {
		if at.Unix() < 0 || at.Unix() > int64(longest/time.Second) {
			return 0, fmt.Errorf("%q lies before 1970 or after 2099", text)
		}
		return time.Duration(at.UnixNano()), nil
	}
	return 0, noInstant(text)
}

// noInstant says what is wrong with an instant, and what is meant.
func noInstant(text string) error {
	const local = "2006-01-02T15:04:05"
	number, notNumber := strconv.ParseUint(text, 10, 64)
	at, notLocal := time.Parse(local, strings.Replace(text, " ", "T", 1))
	switch {
	case notNumber == nil && number >= 1e11:
		return fmt.Errorf("%q seems to be milliseconds; seconds since 1970 are meant", text)
	case notNumber == nil:
		return fmt.Errorf("%q lies before 1970 or after 2099", text)
	case notLocal == nil:
		return fmt.Errorf("%q names no time zone; %sZ is in UTC", text, at.Format(local))
	}
	return fmt.Errorf("%q is neither seconds since 1970 nor an instant such as 2025-10-14T08:30:00Z", text)
}

// span reads seconds, or a length of time.
func span(text string) (time.Duration, error) {
	text = strings.TrimSpace(text)
	if d, err := seconds(text); err == nil {
		return d, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || d > longest {
		return 0, fmt.Errorf("%q is neither seconds nor a length of time such as 5m30s", text)
	}
	return d, nil
}

// seconds reads whole or decimal seconds of at least 0, exactly.
func seconds(text string) (time.Duration, error) {
	whole, fraction, decimal := strings.Cut(text, ".")
	n, err := strconv.ParseUint(whole, 10, 63)
	if err != nil || n > uint64(longest/time.Second) || decimal && len(fraction) > 9 {
		return 0, errors.New("no seconds")
	}
	d := time.Duration(n) * time.Second
	if !decimal {
		return d, nil
	}
	f, err := strconv.ParseUint((fraction + "000000000")[:9], 10, 63)
	if err != nil {
		return 0, errors.New("no seconds")
	}
	return d + time.Duration(f), nil
}
