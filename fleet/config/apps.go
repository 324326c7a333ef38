package config

func appKeys() object[App] {
	return object[App]{keys: []key[App]{
		field("app_id", "Number of the GitHub App.", whole[int64]{1, 1 << 53}, func(a *App) *int64 { return &a.AppID }).must(),
		field("private_key", "Where its private key (PEM) is. A list of two while it is rotated.",
			oneOr[Secret]{rotated}, func(a *App) *[]Secret { return &a.PrivateKeys }).must(),
		field("webhook_secrets", "Where its webhook's secret is, if it has a webhook.", rotated,
			func(a *App) *[]Secret { return &a.WebhookSecrets }),
	}}
}

// rotated is a secret, or two while one takes the other's place.
var rotated = list[Secret]{of: secret{}, min: 1, max: 2, same: func(s Secret) string { return string(s) }}
