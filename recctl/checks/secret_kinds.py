"""The kinds of secrets that are known, and what they look like: a row each."""

from __future__ import annotations

from recctl.checks.secret_judges import (
    is_bot_token,
    is_cookie,
    is_key_block,
    is_key_id,
    is_login,
    is_login_in_url,
    is_named_password,
    is_named_uuid,
    is_named_value,
    is_plausible,
    is_qualified,
    is_random,
    is_random_token,
    is_random_value,
    is_token,
)
from recctl.checks.secret_shapes import ALNUM, HEX, WORD, SecretKind, prefixed

_NAME_END = (  # spelled out, since `re` knows of that how it starts
    "(?:[kK][eE][yY]|[sS][eE][cC][rR][eE][tT]|[tT][oO][kK][eE][nN]|[aA][uU][tT][hH](?i:orization))"
)
_PASSWORD_NAME = "(?<!ice-)(?i:passw(?:or)?d|passwort|passphrase|pwd)"  # noqa: S105
# what may stand between a name and its value: in JSON, YAML, a shell, a list of headers, a sentence
_IS = (
    r"""(?:["'`* \t\r\n:=>\\\[(]{1,16}"""
    r"""|\\{0,8}["'],\s{0,4}\\{0,8}["'](?:value\\{0,8}["']\s?:\s?\\{0,8}["'])?)"""
)
_GIVEN = r"""(?=["'`* \t\\\])]{0,8}[:=>,]|\n\S)"""  # and not by a space alone, as in a sentence
_VALUE = "[A-Za-z0-9_+/.~-]"

# the same in the raw text of a file
_IS_RAW = r"""(?:["'`* \t\r\n:=>\\\[(,]|\\[nrt]|%(?:25)*(?:3[AaDd]|2[027Bb])|["']value\\*["'])+"""
_VALUE_RAW = r"(?:[A-Za-z0-9_+/.~-]|\\+/|%(?:25)*2[BbFf])"

_SCHEME_RAW = "(?:[A-Za-z-]{2,20}(?: |%20))?"
_NAMED_GATE = (
    "(?:[kK]ey|KEY|[sS]ecret|SECRET|[tT]oken|TOKEN|[aA]uth(?:orization)?|AUTH(?:ORIZATION)?|_PAT)"
    f"{_IS_RAW}{_SCHEME_RAW}{_VALUE_RAW}{{16}}"
)
_UUID = "[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"

# A pattern that starts with a set, and looks back from behind it, is found several times as fast as one that
# starts with a choice or with what stands before.
KINDS: tuple[SecretKind, ...] = (
    SecretKind(
        "a private key",
        "-----BEGIN PRIVATE KEY-----",
        r"-----BEGIN(?: |\+|%(?:25)*20)(?:[A-Z0-9]+(?: |\+|%(?:25)*20)){0,3}PRIVATE",
        "-----BEGIN",
        r"(?P<secret>-----BEGIN[ +][A-Z0-9 +]{0,40}PRIVATE[ +]KEY(?:[ +]BLOCK)?-----"
        r"(?P<body>(?:[A-Za-z0-9+/=\\\s:,.]|-(?!----)){64,20000}+)"
        r"(?:-----END[ +][A-Z0-9 +]{0,40}PRIVATE[ +]KEY(?:[ +]BLOCK)?-----)?)",
        is_key_block,
    ),
    SecretKind(
        "a private key",
        "PuTTY-User-Key-File-3: … Private-Lines: …",
        r"Private-Lines: [0-9]",
        "Private-Lines: ",
        r"Private-Lines: [0-9]{1,4}(?:\s|\\+[rn])+(?P<secret>(?P<body>[A-Za-z0-9+/=\\\s]{64,20000}+))",
        is_key_block,
    ),
    *prefixed("an age key", "AGE-SECRET-KEY-1…", "AGE-SECRET-KEY-1", "A-Z0-9", 58, 58),
    # models, embeddings
    *prefixed("an Anthropic API key", "sk-ant-api03-…", "sk-ant-", WORD, 30, 200),
    *prefixed("an OpenRouter API key", "sk-or-v1-…", "sk-or-", WORD, 30, 100, is_random),
    *prefixed("a Langfuse key", "sk-lf-…", "sk-lf-", "a-f0-9-", 36, 36),
    *prefixed("an OpenAI API key", "sk-proj-…", "sk-", WORD, 20, 220, is_random),
    *prefixed("an OpenAI session key", "sess-…", "sess-", ALNUM, 40, 40, is_random),
    *prefixed("a Google API key", "AIza…", "AIza", WORD, 35, 35),
    *prefixed("a Google API key", "AQ.…", "AQ.", WORD, 30, 100, is_random),
    *prefixed("a Hugging Face token", "hf_…", "hf_ api_org_", ALNUM, 30, 60),
    *prefixed("a Groq API key", "gsk_…", "gsk_", ALNUM, 40, 80),
    *prefixed("an xAI API key", "xai-…", "xai-", WORD, 60, 120, is_random),
    *prefixed("a Together API key", "tgp_v1_…", "tgp_v1_", WORD, 40, 60),
    *prefixed("a Fireworks API key", "fw_…", "fw_", ALNUM, 20, 40, is_random),
    *prefixed("a Cerebras API key", "csk-…", "csk-", "a-z0-9", 40, 60),
    *prefixed("an NVIDIA API key", "nvapi-…", "nvapi-", WORD, 50, 100, is_random),
    *prefixed("a Perplexity API key", "pplx-…", "pplx-", ALNUM, 40, 64),
    *prefixed("a Replicate token", "r8_…", "r8_", ALNUM, 37, 40),
    *prefixed("a Voyage API key", "pa-…", "pa-", WORD, 43, 43, is_random),
    *prefixed("a Jina API key", "jina_…", "jina_", WORD, 50, 70, is_random),
    *prefixed("a Nomic API key", "nk-…", "nk-", WORD, 43, 43, is_random),
    *prefixed("an ElevenLabs API key", "sk_…", "sk_", HEX, 48, 48),
    *prefixed("a Novita API key", "sk_…", "sk_", WORD, 43, 43, is_random),
    *prefixed("a LlamaCloud API key", "llx-…", "llx-", ALNUM, 40, 60, is_random),
    *prefixed("a FriendliAI token", "flp_…", "flp_", ALNUM, 40, 60, is_random),
    *prefixed("a RunPod API key", "rpa_…", "rpa_", ALNUM, 40, 60, is_random),
    *prefixed("a Modal token", "ak-…, as-…", "ak- as-", ALNUM, 22, 22, is_random),
    # search, tools, agents, vectors
    *prefixed("a Tavily API key", "tvly-…", "tvly-", "A-Za-z0-9-", 20, 64, is_random),
    *prefixed("a Brave API key", "BSA…", "BSA", WORD, 24, 32, is_random),
    *prefixed("a Firecrawl API key", "fc-…", "fc-", HEX, 32, 32),
    *prefixed("an Apify token", "apify_api_…", "apify_api_", ALNUM, 30, 40),
    *prefixed("an E2B API key", "e2b_…", "e2b_", HEX, 40, 40),
    *prefixed("a Browserbase API key", "bb_live_…", "bb_live_", WORD, 20, 40),
    *prefixed("a Mem0 API key", "m0-…", "m0-", ALNUM, 40, 40, is_random),
    *prefixed("a Pinecone API key", "pcsk_…", "pcsk_", "A-Za-z0-9_", 60, 80),
    *prefixed("a Turbopuffer API key", "tpuf_…", "tpuf_", ALNUM, 30, 60),
    *prefixed("a Chroma API key", "ck-…", "ck-", ALNUM, 44, 44, is_random),
    # what watches models
    *prefixed("a LangSmith API key", "lsv2_pt_…, lsv2_sk_…", "lsv2_pt_ lsv2_sk_", "a-f0-9_", 40, 50),
    *prefixed("a LangSmith API key", "ls__…", "ls__", HEX, 32, 32),
    *prefixed("a Logfire token", "pylf_v1_…", "pylf_v1_", "A-Za-z0-9_", 40, 60),
    *prefixed("a PostHog key", "phx_…", "phx_", ALNUM, 32, 60),
    *prefixed("a Grafana token", "glsa_…", "glsa_", "A-Za-z0-9_", 41, 41),
    *prefixed("a Grafana token", "glc_…", "glc_", "A-Za-z0-9+/=", 40, 600, is_random),
    *prefixed("a Sentry token", "sntryu_…", "sntryu_", HEX, 64, 64),
    *prefixed("a Sentry token", "sntrys_…", "sntrys_", "A-Za-z0-9+/=_", 60, 500, is_random),
    *prefixed("a New Relic key", "NRAK-…", "NRAK-", "A-Z0-9", 27, 27),
    *prefixed("a Honeycomb key", "hcaik_…", "hcaik_ hcbik_", "a-z0-9", 50, 70),
    *prefixed("a Dynatrace token", "dt0c01.…", "dt0c01. dt0s16.", "A-Z0-9.", 80, 100),
    *prefixed("a SonarQube token", "sqp_…, squ_…", "sqp_ squ_ sqa_", HEX, 40, 40),
    # clouds
    *prefixed("a Google access token", "ya29.…", "ya29.", f".{WORD}", 30, 2000),
    *prefixed("a Google client secret", "GOCSPX-…", "GOCSPX-", WORD, 28, 28),
    *prefixed("an AWS access key id", "AKIA…, ASIA…", "AKIA ASIA", "A-Z2-7", 16, 16, is_key_id),
    *prefixed("an Amazon Bedrock API key", "ABSK…", "ABSK", "A-Za-z0-9+/=", 60, 400, is_random),
    *prefixed(
        "an Amazon Bedrock API key",
        "bedrock-api-key-…",
        "bedrock-api-key-",
        f"+/={WORD}",
        60,
        3000,
        is_random,
    ),
    SecretKind(
        "an Azure API key",
        "…JQQJ99…",
        r"JQQJ99[A-Za-z0-9]{26}",
        "JQQJ99",
        rf"(?<![{WORD}])(?P<secret>[A-Za-z0-9]{{52}}JQQJ99[A-Za-z0-9]{{26}})(?![{WORD}])",
        is_random,
    ),
    SecretKind(
        "an Azure access key",
        "AccountKey=…",
        rf"A(?:ccess|ccount)Key(?:=|%(?:25)*3[Dd]){_VALUE_RAW}{{40}}",
        "Key=",
        r"(?<![A-Za-z])(?:Shared)?A(?:ccess|ccount)Key=(?P<secret>[A-Za-z0-9+/]{40,100}+={0,2})",
        is_random,
    ),
    SecretKind(
        "an Azure client secret",
        "…8Q~…",
        r"Q~[A-Za-z0-9_.~-]{31}",
        "Q~",
        r"(?<![\w.~-])(?P<secret>[A-Za-z0-9_.~-]{3}[0-9]Q~[A-Za-z0-9_.~-]{31,34})(?![\w~-])",
        is_random,
    ),
    SecretKind(
        "an Azure signature",
        "sig=…",
        rf"sig(?:=|%(?:25)*3[Dd]){_VALUE_RAW}{{40}}",
        "sig=",
        r"(?<![A-Za-z0-9_-])sig=(?P<secret>[A-Za-z0-9+/]{43}=)",
        is_random,
    ),
    *prefixed("a DigitalOcean token", "dop_v1_…", "dop_v1_ doo_v1_", HEX, 64, 64),
    *prefixed("an Alibaba Cloud key id", "LTAI…", "LTAI", ALNUM, 17, 26, is_random),
    *prefixed("a Tencent Cloud key id", "AKID…", "AKID", ALNUM, 32, 32, is_random),
    *prefixed("a Yandex Cloud key", "AQVN…", "AQVN", WORD, 34, 40, is_random),
    *prefixed("a Heroku key", "HRKU-…", "HRKU-", WORD, 36, 70),
    *prefixed("a Fly.io token", "fo1_…", "fo1_", WORD, 43, 43),
    *prefixed("a Fly.io token", "fm2_…", "fm2_", "A-Za-z0-9+/=", 100, 2000, is_random),
    *prefixed("a Netlify token", "nfp_…", "nfp_", ALNUM, 36, 40),
    *prefixed("a Vercel token", "vcp_…", "vcp_", ALNUM, 24, 64, is_random),
    *prefixed("a Supabase token", "sbp_…", "sbp_", HEX, 40, 40),
    *prefixed("a Supabase key", "sb_secret_…", "sb_secret_", WORD, 25, 60, is_random),
    *prefixed("a Neon API key", "napi_…", "napi_", "a-z0-9", 60, 70),
    *prefixed(
        "a PlanetScale token", "pscale_tkn_…", "pscale_tkn_ pscale_pw_ pscale_oauth_", f".{WORD}", 30, 64
    ),
    *prefixed("a Databricks token", "dapi…", "dapi", HEX, 32, 32, ending="(?:-[0-9])?"),
    *prefixed("a Vault token", "hvs.…", "hvs. hvb. hvr.", WORD, 24, 300, is_random),
    SecretKind(
        "a Terraform token",
        "….atlasv1.…",
        r"\.atlasv1\.[A-Za-z0-9_-]{60}",
        ".atlasv1.",
        rf"(?<![{WORD}])(?P<secret>[A-Za-z0-9]{{14}}\.atlasv1\.[{WORD}]{{60,70}}+)",
        is_plausible,
    ),
    *prefixed("a Pulumi token", "pul-…", "pul-", HEX, 40, 40),
    *prefixed("a Doppler token", "dp.pt.…", "dp.pt. dp.st. dp.ct. dp.sa.", f".{WORD}", 40, 90),
    *prefixed("a 1Password token", "ops_…", "ops_eyJ", "A-Za-z0-9+/=_-", 200, 2000),
    *prefixed("a Prefect key", "pnu_…", "pnu_", ALNUM, 36, 36),
    *prefixed("a Tailscale key", "tskey-…", "tskey-", "A-Za-z0-9-", 24, 80, is_random),
    # code
    *prefixed("a GitHub token", "ghp_…", "ghp_ gho_ ghu_ ghr_", ALNUM, 36, 255),
    *prefixed("a GitHub token", "ghs_…", "ghs_", f".{WORD}", 36, 2000),
    *prefixed("a GitHub token", "github_pat_…", "github_pat_", "A-Za-z0-9_", 60, 255),
    *prefixed("a GitLab token", "glpat-…", "glpat-", f".{WORD}", 20, 300, is_random),
    *prefixed(
        "a GitLab token",
        "gldt-…, glrt-…, glptt-…",
        "gldt- glrt- glptt- glft- glsoat- glimt- glcbt- GR1348941",
        f".{WORD}",
        20,
        300,
        is_random,
    ),
    *prefixed("a Bitbucket token", "ATBB…, ATCTT3…", "ATBB ATCTT3xFfG", f"={WORD}", 28, 400, is_random),
    *prefixed("an Atlassian token", "ATATT3…", "ATATT3xFfG", f"={WORD}", 100, 400),
    *prefixed("an npm token", "npm_…", "npm_", ALNUM, 36, 36, is_random),
    *prefixed("a PyPI token", "pypi-AgE…", "pypi-AgE", WORD, 60, 400),
    *prefixed("a RubyGems key", "rubygems_…", "rubygems_", HEX, 48, 48),
    *prefixed("a NuGet key", "oy2…", "oy2", "a-z0-9", 43, 43, is_random),
    *prefixed("a crates.io token", "cio…", "cio", ALNUM, 32, 32, is_random),
    *prefixed("a Docker token", "dckr_pat_…", "dckr_pat_ dckr_oat_", WORD, 27, 40),
    *prefixed("an Artifactory key", "AKCp…", "AKCp", ALNUM, 60, 80, is_random),
    *prefixed("an Artifactory token", "cmVmdGtu…", "cmVmdGtu", ALNUM, 56, 56),
    *prefixed("a CircleCI token", "CCIPAT_…", "CCIPAT_", "A-Za-z0-9_", 60, 80),
    *prefixed("a Buildkite token", "bkua_…", "bkua_", HEX, 40, 40),
    *prefixed("a Snyk token", "snyk_uat.…", "snyk_uat. snyk_sat.", f".{WORD}", 40, 200),
    *prefixed("a Sourcegraph token", "sgp_…", "sgp_", "a-f0-9_local", 40, 80),
    *prefixed("a Postman API key", "PMAK-…", "PMAK-", "a-f0-9-", 59, 59),
    # payment, shops
    *prefixed(
        "a Stripe API key",
        "sk_live_…, sk_test_…",
        "sk_live_ sk_test_",
        ALNUM,
        20,
        250,
        is_random,
    ),
    *prefixed("a Stripe API key", "rk_live_…", "rk_live_ rk_test_", ALNUM, 20, 250, is_random),
    *prefixed("a Stripe webhook secret", "whsec_…", "whsec_", "A-Za-z0-9+/=", 24, 100, is_random),
    *prefixed("a Shopify token", "shpat_…", "shpat_ shpca_ shppa_ shpss_", "a-fA-F0-9", 32, 32),
    *prefixed("a Square token", "sq0atp-…, sq0csp-…", "sq0atp- sq0csp-", WORD, 22, 60, is_random),
    *prefixed(
        "a Braintree token",
        "access_token$…",
        "access_token$production$ access_token$sandbox$",
        "a-z0-9$",
        49,
        49,
    ),
    *prefixed("a Razorpay key", "rzp_live_…", "rzp_live_", ALNUM, 14, 20),
    *prefixed(
        "a Plaid token",
        "access-production-…",
        "access-production- access-sandbox- access-development-",
        "a-f0-9-",
        36,
        36,
    ),
    *prefixed(
        "a Paddle API key", "pdl_live_apikey_…", "pdl_live_apikey_ pdl_sdbx_apikey_", "A-Za-z0-9_", 45, 60
    ),
    # work, chat, mail
    *prefixed(
        "a Slack token",
        "xoxb-…",
        "xoxa- xoxb- xoxc- xoxe- xoxo- xoxp- xoxr- xoxs-",
        "A-Za-z0-9-",
        20,
        255,
        is_random,
    ),
    *prefixed("a Slack token", "xapp-…", "xapp- xoxe.xoxp-", "A-Za-z0-9-", 40, 255, is_random),
    SecretKind(
        "a Slack webhook",
        "hooks.slack.com/services/…",
        r"hooks\.slack\.com(?:\\*/|%(?:25)*2[Ff])(?:services|workflows|triggers)(?:\\*/|%(?:25)*2[Ff])[TE]",
        "hooks.slack.com/",
        r"hooks\.slack\.com/(?:services|workflows|triggers)/"
        r"(?P<secret>[TE]\w{6,14}/[AB0-9]\w{6,20}/(?:\w{10,24}/)?[A-Za-z0-9]{18,40})",
        is_plausible,
    ),
    SecretKind(
        "a Discord token",
        "M….….…",
        rf"(?:MD|MT|Mj|Mz|ND|NT|Nj|Nz|OD|OT)[{WORD}]{{22,26}}\.[{WORD}]{{6}}\.",
        ".",
        rf"(?<![.{WORD}])(?P<secret>(?P<id>[MNO][{WORD}]{{23,27}})\.[{WORD}]{{6}}\.[{WORD}]{{27,40}})(?![{WORD}])",
        is_bot_token,
    ),
    SecretKind(
        "a Discord webhook",
        "discord.com/api/webhooks/…",
        r"discord(?:app)?\.com(?:\\*/|%(?:25)*2[Ff])api(?:\\*/|%(?:25)*2[Ff])(?:v[0-9]{1,2}(?:\\*/|%(?:25)*2[Ff]))?webhooks",
        "/webhooks/",
        rf"discord(?:app)?\.com/api/(?:v\d{{1,2}}/)?webhooks/(?P<secret>\d{{15,21}}/[{WORD}]{{50,90}})(?![{WORD}])",
        is_plausible,
    ),
    SecretKind(
        "a Teams webhook",
        "webhook.office.com/webhookb2/…",
        r"webhook\.office\.com(?:\\*/|%(?:25)*2[Ff])webhookb2",
        "webhook.office.com/webhookb2/",
        rf"webhook\.office\.com/webhookb2/(?P<secret>{_UUID}@{_UUID}/IncomingWebhook/[a-f0-9]{{32}}/{_UUID})",
        is_plausible,
    ),
    SecretKind(
        "a Telegram bot token",
        "1234567890:AA…",
        rf"(?::AA|%(?:25)*3[Aa]AA)[{WORD}]{{32}}",
        ":AA",
        rf"(?<![A-Za-z0-9_])(?<![A-Za-z0-9_]-)(?:bot)?(?P<secret>\d{{8,10}}:AA[{WORD}]{{32,33}})(?![{WORD}])",
        is_random,
    ),
    *prefixed("a Twilio API key", "SK…", "SK", HEX, 32, 32),
    *prefixed("a SendGrid API key", "SG.…", "SG.", f".{WORD}", 66, 66, is_random),
    *prefixed("a Mailgun key", "key-…", "key-", HEX, 32, 32),
    SecretKind(
        "a Mailchimp API key",
        "…-us12",
        r"-us[0-9]{1,2}(?:[^A-Za-z0-9-]|$)",
        "-us",
        rf"(?<![{WORD}])(?P<secret>[a-f0-9]{{32}}-us[0-9]{{1,2}})(?![{WORD}])",
        is_plausible,
    ),
    SecretKind(
        "a Resend API key",
        "re_…",
        r"re_[A-Za-z0-9]{8}_[A-Za-z0-9]{24}",
        "re_",
        rf"(?<![{WORD}])(?P<secret>re_(?P<rest>[A-Za-z0-9]{{8}}_[A-Za-z0-9]{{24}}))(?![{WORD}])",
        is_random,
    ),
    *prefixed("a Brevo API key", "xkeysib-…", "xkeysib- xsmtpsib-", "A-Za-z0-9-", 81, 81),
    *prefixed("a Notion token", "ntn_…", "ntn_", ALNUM, 40, 50),
    *prefixed("a Notion token", "secret_…", "secret_", ALNUM, 43, 43, is_random),
    *prefixed("a Linear API key", "lin_api_…", "lin_api_ lin_oauth_", ALNUM, 40, 64),
    *prefixed("a Figma token", "figd_…", "figd_", WORD, 36, 60, is_random),
    SecretKind(
        "an Airtable token",
        "pat….…",
        r"pat[A-Za-z0-9]{14}\.[a-f0-9]{64}",
        "pat",
        rf"(?<![{WORD}])(?P<secret>pat[A-Za-z0-9]{{14}}\.(?P<rest>[a-f0-9]{{64}}))(?![{WORD}])",
        is_plausible,
    ),
    *prefixed("a HubSpot token", "pat-na1-…", "pat-na1- pat-na2- pat-eu1- pat-ap1-", "a-fA-F0-9-", 36, 36),
    *prefixed("a Contentful token", "CFPAT-…", "CFPAT-", WORD, 43, 43),
    *prefixed("a LaunchDarkly key", "sdk-…", "sdk-", "a-f0-9-", 36, 36),
    *prefixed("a Mapbox token", "sk.eyJ…", "sk.eyJ", f".{WORD}", 60, 200, is_random),
    *prefixed("a Dropbox token", "sl.…", "sl.", WORD, 60, 2000, is_random),
    # what any service may use
    SecretKind(
        "a JSON web token",
        "eyJ….eyJ….…",
        rf"eyJ[{WORD}]{{10}}[{WORD}]*\.eyJ",
        "eyJ",
        rf"(?<![{WORD}])(?P<secret>eyJ[{WORD}]{{10,400}}+\.eyJ[{WORD}]{{10,6000}}+\.[{WORD}]{{10,1000}}+)",
        is_token,
    ),
    SecretKind(
        "an AWS secret access key",
        "aws_secret_access_key=…",
        _NAMED_GATE,
        "key",
        rf"[sS](?i:ecret[-_ ]?(?:access[-_ ]?)?key){_IS}"
        r"(?P<secret>[A-Za-z0-9+/]{40})(?![A-Za-z0-9+/=])",
        is_random_value,
        is_named=True,
    ),
    SecretKind(
        "a bearer token",
        "Bearer …",
        rf"(?:[bB]earer|BEARER)(?: |%(?:25)*20|\\u0020){_VALUE_RAW}{{20}}",
        "bearer",
        rf"(?i:bearer) (?P<secret>(?:{_UUID}(?![{WORD}])|{_VALUE}{{20,3000}}+={{0,2}}))",
        lambda match: is_named_uuid(match) or is_random_token(match),
        is_named=True,
    ),
    SecretKind(
        "a name and password",
        "Basic …",
        r"(?:[bB]asic|BASIC)(?: |%(?:25)*20)[A-Za-z0-9+/]{8}",
        "basic",
        r"(?i:basic) (?P<secret>[A-Za-z0-9+/]{8,400}+={0,2})",
        is_login,
        is_named=True,
    ),
    SecretKind(
        "a name and password",
        '"auth": "…"',
        _NAMED_GATE,
        "auth",
        r"[_aA](?:(?<=_)(?<![A-Za-z]_)(?i:auth)|(?<=[aA])(?<![A-Za-z][aA])(?i:uth(?:orization)?))"
        rf"{_GIVEN}{_IS}(?P<secret>[A-Za-z0-9+/]{{12,400}}+={{0,2}})(?![\w.-])",
        is_login,
        is_named=True,
    ),
    SecretKind(
        "a password in a url",
        "postgres://name:…@host",
        r"""(?:://|:\\+/\\+/|%(?:25)*3[Aa](?:/|%(?:25)*2[Ff]){2})"""
        r"""[^ /:@"]*(?::|%(?:25)*3[Aa])[^ /@"]+(?:@|%(?:25)*40)""",
        "://",
        r"""://(?P<user>[^\s/:@"'<>\\?#]{0,100}+):(?P<secret>[^\s/@"'<>\\?#]{4,200}+)"""
        r"""@(?P<host>[\w.-]{1,255}+|\[(?:::1\])?)""",
        is_login_in_url,
    ),
    SecretKind(
        "a cookie",
        "Set-Cookie: …",
        rf"(?:[cC]ookie|COOKIE)2?{_IS_RAW}[^\"\n]*?(?:=|%(?:25)*3[Dd])[^\s\";,]{{16}}",
        "cookie",
        rf"(?i:cookie2?){_GIVEN}{_IS}(?P<secret>[^\s=;,\"'<>()]{{1,100}}=[^\"'\n\\<>]{{16,8000}}+)",
        is_cookie,
        is_named=True,
    ),
    SecretKind(
        "an API key",
        "api_key=…, x-api-key: …",
        _NAMED_GATE,
        "key|secret|token|authorization",
        rf"(?P<name>{_NAME_END}){_IS}(?P<secret>{_VALUE}{{20,3000}}+={{0,2}})",
        lambda match: is_qualified(match) and is_random_value(match),
        is_named=True,
    ),
    SecretKind(
        "an API key",
        "x-api-key: a UUID",
        _NAMED_GATE,
        "key|token|authorization",
        r"[aAsS\u017f](?:(?<=[aA])(?i:pi[-_ ]?(?:key|token))"
        r"|(?<=[sS\u017f])(?i:ubscription[-_]token|erver[-_]token)"
        rf"|(?<=[aA])(?<![A-Za-z][aA])(?i:uthorization)){_IS}"
        rf"(?:(?i:key|token|apikey) )?(?P<secret>{_UUID})(?![{WORD}])",
        is_named_uuid,
        is_named=True,
    ),
    SecretKind(
        "an API key",
        "Authorization: Token …",
        _NAMED_GATE,
        "authorization",
        rf"[aA](?<![A-Za-z][aA])(?i:uthorization){_IS}(?!(?i:basic|digest|bearer) )[A-Za-z-]{{2,20}} "
        rf"(?P<secret>(?:[A-Za-z0-9_+/.~:-]){{20,3000}}+={{0,2}})",
        is_random_token,
        is_named=True,
    ),
    SecretKind(
        "a token",
        "token=…, SOME_TOKEN=…",
        _NAMED_GATE,
        "key|secret|token|pat|auth|appid|sig",
        r"(?<![A-Za-z0-9])(?P<name>(?:[A-Z][A-Z0-9]{1,30}_){1,6}(?:TOKEN|SECRET|KEY|PAT)(?:_[0-9]{1,2})?"
        r"|(?<![A-Za-z0-9_.:-])(?i:token|secret)|(?<=[?&])(?:key|auth|code|appid|sig|signature))"
        rf"{_GIVEN}{_IS}(?P<secret>{_VALUE}{{16,3000}}+={{0,2}})",
        is_named_value,
        is_named=True,
    ),
    SecretKind(
        "a password",
        "password: …, DB_PASSWORD=…",
        rf"""(?:[pP]assw(?:or)?d|PASSW(?:OR)?D|[pP]asswort|[pP]assphrase|PASSPHRASE|[pP]wd|PWD){_IS_RAW}[^\s"'`<>\\,;&(){{}}\[\]|]{{6}}""",
        "passw|passphrase|pwd",
        rf"""{_PASSWORD_NAME}{_GIVEN}{_IS}(?P<secret>[^\s"'`<>\\,;&(){{}}\[\]|$][^\s"'`<>\\,;&(){{}}\[\]|]{{5,199}}+)(?![(\[])""",
        is_named_password,
        is_named=True,
    ),
)
"""Formats as their providers give them; where these are known to grow, up to more than today's length.

Of two kinds that find the same, the first counts."""

GUESSABLE = frozenset({"a name and password", "a password in a url", "a password"})
"""The kinds of secrets that somebody may have thought of."""
