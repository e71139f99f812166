"""Published shapes of tokens: what each begins with, of which characters the rest is, and how many there are at least.

The services publish their prefixes so that scanners find them. The rows are facts gathered from the services' own
pages, from the rules of gitleaks (github.com/gitleaks/gitleaks, config/gitleaks.toml) and of detect-secrets
(github.com/Yelp/detect-secrets), and from GitHub's list of supported secret scanning patterns. A length is no more
than 40 here: a prefix and that much tell enough, and each character counted is a state of the automaton.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

_ALPHABETS = {
    "hex": "0-9A-Fa-f",
    "low": "a-z0-9",
    "up": "A-Z0-9",
    "word": "A-Za-z0-9",
    "name": "A-Za-z0-9_",
    "url": r"A-Za-z0-9_\-",  # base64 as URLs have it
    "dots": r"A-Za-z0-9_.=\-",
    "base": r"A-Za-z0-9+/=_\-",
    "uuid": r"0-9A-Fa-f\-",
}

_PREFIXED = r"""
github-token        gh[pousr]_                                              word 36
github-token        github_pat_                                             name 22
gitlab-token        gl(?:pat|ptt|dt|rt|rtr|cbt|soat|ft|agent|oas|imt|ffct|wt)-  dots 20
gitlab-token        GR1348941                                               url 20
gitee-token         gitee_                                                  word 20
sourcegraph-token   (?:sgp|slk)_(?:local_|[0-9a-f]{16}_)?                   hex 40
aws-access-key      (?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)                     up 16
alibaba-key         LTAI                                                    word 16
tencent-key         AKID                                                    word 32
yandex-token        (?:AQVN|t1\.|y[0-3]_)                                  dots 35 random
google-key          AIza                                                    url 35
google-key          AQ\.Ab8                                                url 20
google-token        ya29\.                                                 dots 20
google-token        GOCSPX-                                                 url 28
google-token        1//0                                                    url 28
facebook-token      EAA                                                     word 40 random
slack-token         (?:xox[a-z]|xoxe\.xox[a-z]|xapp)-                      url 10
stripe-key          [sr]k_(?:live|test|prod)_                               word 16
stripe-key          whsec_                                                  base 32
anthropic-key       sk-ant-                                                 url 20
openai-key          sk-(?:proj|svcacct|admin|None|or-v1|or)-                url 20
openai-key          sk-                                                     word 32
groq-key            gsk_                                                    word 20
xai-key             xai-                                                    word 20
perplexity-key      pplx-                                                   word 20
nvidia-key          nvapi-                                                  url 20
replicate-token     r8_                                                     word 30
cerebras-key        csk-                                                    word 20
fireworks-key       (?:fw|fpk)_                                             word 20
together-key        tgp_v1_                                                 url 20
pinecone-key        pcsk_                                                   name 30
tavily-key          tvly-                                                   url 20
firecrawl-key       fc-                                                     hex 32
jina-key            jina_                                                   name 30
voyage-key          pa-                                                     url 40 random
langsmith-key       lsv2_(?:pt|sk)_                                         name 32
langfuse-key        sk-lf-                                                  uuid 36
helicone-key        sk-helicone-                                            url 16
elevenlabs-key      sk_                                                     hex 40
runpod-key          rpa_                                                    word 30
e2b-key             e2b_                                                    hex 30
apify-token         apify_api_                                              word 30
browserbase-key     bb_(?:live|test)_                                       url 20
modal-token         a[ks]-                                                  word 22
wandb-key           wandb_v1_                                               name 30
huggingface-token   (?:hf|api_org)_                                         word 30
supabase-token      sbp_(?:v0_|oauth_)?                                     hex 32
supabase-token      sb_secret_                                              url 20
neon-key            napi_                                                   word 30
planetscale-token   pscale_(?:tkn|oauth|pw|app)_                            dots 30
xata-key            xau_                                                    word 20
mongodb-secret      mdb_sa_sk_                                              url 30
cockroach-key       CCDB1_                                                  name 30
clickhouse-key      4b1d                                                    word 38
notion-token        ntn_                                                    word 40
notion-token        secret_                                                 word 40 random
linear-key          lin_(?:api|oauth|wh)_                                   word 32
figma-token         fig(?:[dour]|or|dr|ur)?_                                url 30
airtable-token      pat[A-Za-z0-9]{14}\.                                   hex 40
asana-token         [0-2]/[0-9]{12}[0-9]*(?:/[0-9]{12}[0-9]*)?:             hex 32
atlassian-token     AT(?:ATT|CTT|STT)3                                      dots 40
bitbucket-token     ATBB                                                    word 28
trello-token        ATTA                                                    hex 40
clickup-token       pk_[0-9]{6}[0-9]*_                                      up 30 random
contentful-token    CFPAT-                                                  url 40
typeform-token      tfp_                                                    dots 40
readme-key          rdme_                                                   low 40
canva-secret        cnvca                                                   url 40 random
postman-key         PMAK-                                                   uuid 40
hubspot-token       pat-(?:na|eu|ap)[0-9]-                                  uuid 36
mailgun-key         (?:pub)?key-                                            hex 32
brevo-key           x(?:keysib|smtpsib)-                                    hex 40
resend-key          re_[A-Za-z0-9]{8}_                                      word 20
sendgrid-key        SG\.[A-Za-z0-9_-]{20}[A-Za-z0-9_-]*\.                 url 30
twilio-key          SK                                                      hex 32
linkedin-token      WPL_AP1\.                                              dots 10
tailscale-key       tskey-(?:[a-z]+-)?                                      url 16
netbird-token       nbp_                                                    word 30
cloudflare-token    v1\.0-[0-9a-f]{24}-                                    hex 40
cloudflare-token    cf(?:ut|at|k)_                                          url 30
fly-token           (?:fo1|fm1[ar]|fm2)_                                    base 40
heroku-key          HRKU-                                                   url 36
vercel-token        (?:vc[a-z]|vercel(?:_blob_rw)?)_                        word 20
netlify-token       nf[a-z]_                                                word 30
render-key          rnd_                                                    word 20
digitalocean-token  do[a-z]_v1_                                             hex 40
digitalocean-token  DO(?:00|80)                                             up 16
scaleway-key        SCW                                                     up 17
pulumi-token        pul-                                                    hex 40
terraform-token     [A-Za-z0-9]{14}\.atlasv1\.                            dots 40
doppler-token       dp\.(?:pt|st|ct|sa|scim|audit)\.                      dots 40
infracost-key       ico-                                                    word 32
spacelift-token     sl_                                                     word 40 random
1password-token     ops_eyJ                                                 base 40
1password-token     A3-[A-Z0-9]{6}-[A-Z0-9]{6}                              uuid 0
vault-token         hv[sbr]\.                                              url 24
teleport-token      tp_                                                     hex 32
sonar-token         sq[apu]_                                                hex 40
snyk-token          snyk_[a-z]at\.                                         dots 30
sentry-token        sntry[a-z]_                                             base 40
grafana-token       gl(?:sa|c|s|a)_                                         base 32
newrelic-key        NR[A-Z]{2}-                                             word 19
datadog-key         dd(?:app|pat|api|sak)_                                  word 20
honeycomb-key       hc[abx][a-z]{2}_                                        word 20
posthog-key         ph[xs]_                                                 word 30
dynatrace-token     dt0[a-z][0-9]{2}\.[A-Z0-9]{24}\.                      word 40
elastic-key         essu_                                                   base 30
statsig-key         (?:secret|console)-                                     word 40
databricks-token    d(?:api|kea|ose|oste)                                   hex 32
dbt-token           dbt[a-z]_                                               base 30
prefect-key         pn[ub]_                                                 word 36
buildkite-token     bk(?:[a-z]{2}|[a-z]_)_?                                 hex 40 random
circleci-token      CCI(?:PAT|PRJ)_                                         name 40
harness-token       (?:pat|sat)\.[A-Za-z0-9_-]{22}\.[0-9A-Za-z]{24}\.    word 20
octopus-key         API-                                                    up 25
docker-token        dckr_(?:pat|oat)_                                       url 27
swarm-token         SWMTKN-1-                                               url 40
rancher-token       (?:token|kubeconfig)-[a-z0-9-]+:                        low 40
openshift-token     sha256~                                                 url 40
npm-token           npm_                                                    word 36
pypi-token          pypi-AgE                                                url 20
rubygems-key        rubygems_                                               hex 40
crates-token        cio                                                     word 32 random
nuget-key           oy2                                                     low 40 random
clojars-token       CLOJARS_                                                hex 40
jfrog-token         AKCp                                                    word 40
jfrog-token         cmVmd                                                   word 40 random
shopify-token       shp[a-z]{2}_                                            hex 32
square-token        (?:EAAA|sq0[a-z]{3}-)                                   url 22 random
paypal-token        access_token\$(?:production|sandbox)\$[a-z0-9]{16}\$  hex 32
plaid-token         access-(?:sandbox|development|production)-              uuid 36
razorpay-key        rzp_(?:live|test)_                                      word 14
flutterwave-key     FLW(?:SECK|PUBK)(?:_TEST)?-                             word 12
lob-key             (?:live|test)_                                          hex 35
gocardless-token    (?:live|sandbox)_                                       url 40 random
duffel-token        duffel_(?:test|live)_                                   url 40
shippo-token        shippo_(?:test|live)_                                   hex 40
easypost-key        EZ[AT]K                                                 word 40
adobe-secret        p8e-                                                    url 32
dropbox-token       sl\.(?:u\.)?                                          url 40
frameio-token       fio-u-                                                  url 40
onesignal-key       os_v2_[a-z]+_                                           low 40
mapbox-token        [st]k\.eyJ                                             dots 40
pubnub-key          sec-c-                                                  base 36
wakatime-key        waka_                                                   uuid 36
context7-key        ctx7sk-                                                 uuid 30
defined-token       dnkey-                                                  url 40
intra42-secret      s-s4t2(?:ud|af)-                                        hex 40
settlemint-token    sm_[aps]at_                                             word 16
scalingo-token      tk-us-                                                  url 40
adafruit-key        aio_                                                    word 28
lightspark-key      lspk_                                                   word 20
databento-key       db-                                                     word 29 random
age-key             AGE-SECRET-KEY-1                                        up 40
age-key             AGE-PLUGIN-[A-Z0-9]+-1                                  up 20
"""

_OTHER = (
    ("mailchimp-key", r"\b([0-9a-f]{32}-us[0-9]{1,2})\b"),
    ("maxmind-key", r"\b([A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk)\b"),
    ("newrelic-key", r"\b([0-9A-Za-z]{36,40}NRAL)\b"),
    ("launchdarkly-key", r"\b((?:sdk|api)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b"),
    ("telegram-token", r"(?:\b|bot)([0-9]{8,10}:AA[A-Za-z0-9_-]{32}[A-Za-z0-9_-]*)"),
    ("discord-token", r"\b([MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27}[A-Za-z0-9_-]*)"),
    ("azure-secret", r"(?:^|[^A-Za-z0-9_~.-])([A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34})"),
    (
        "azure-key",
        r"\b([A-Za-z0-9+/]{33,76}(?:AZDO|JQQJ99|\+ASt|\+ACR|\+AMC|\+AEh|AzFu|AzSe|AIoT)[A-Za-z0-9+/]{4,32}={0,2})",
    ),
    ("jwt", r"\b(eyJ[A-Za-z0-9_-]{10}[A-Za-z0-9_-]*\.eyJ[A-Za-z0-9_-]{10}[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*)"),
    ("jwt", r"\b(eyJ[A-Za-z0-9_-]{10}[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*){4})"),
)
"""Shapes that are told by something else than how they begin."""

_WEBHOOKS = (
    ("slack-webhook", r"hooks\.slack\.com/(?:services|workflows|triggers)/", "/url", 20),
    ("discord-webhook", r"discord(?:app)?\.com/api/(?:v[0-9]+/)?webhooks/[0-9]+/", "url", 20),
    ("teams-webhook", r"(?:webhook\.office\.com|outlook\.office\.com)/webhook[a-z0-9]*/", "/@uuid", 36),
    ("zapier-webhook", r"hooks\.zapier\.com/hooks/catch/", "/url", 8),
    ("ifttt-key", r"maker\.ifttt\.com/(?:[^\s\"'\x00]*/)?key/", "url", 20),
    ("chat-webhook", r"(?:open\.(?:feishu\.cn|larksuite\.com)/open-apis/bot/v2/hook|hc-ping\.com)/", "uuid", 36),
)


_HINTED = 5
"""Characters behind a prefix that a hint counts."""


def _alphabet(name: str) -> str:
    extra = name.rstrip("abcdefghijklmnopqrstuvwxyz")
    return extra + _ALPHABETS[name[len(extra) :]]


def _some(alphabet: str, least: int) -> str:
    """So many of these characters, and what else a token may go on with. RE2 would write a `{20,}` out."""
    letters = _alphabet(alphabet)
    return f"[{letters}]{{{least}}}[{letters}{_ALPHABETS['url']}]*"


class Shape(NamedTuple):
    """What a kind of token looks like.

    Attributes:
        name: of the kind.
        pattern: its group is the token.
        hint: finds all that the pattern finds, and little else: an automaton of all the patterns would take a
            hundredth of a second to build.
        drawn: whether it counts only where it looks drawn, for prefixes that words have too.
    """

    name: str
    pattern: str
    hint: str
    drawn: bool = False


def _rows() -> Iterator[Shape]:
    for row in _PREFIXED.strip().split("\n"):
        name, prefix, alphabet, least, *drawn = row.split()
        hint = f"{prefix}[{_alphabet(alphabet)}]{{{min(int(least), _HINTED)}}}"
        yield Shape(name, rf"(?:\b|_)({prefix}{_some(alphabet, int(least))})", hint, bool(drawn))
    for name, pattern in _OTHER:
        yield Shape(name, pattern, pattern)
    for name, prefix, alphabet, count in _WEBHOOKS:
        yield Shape(name, rf"(?i)\b{prefix}({_some(alphabet, count)})", rf"(?i){prefix}")


TOKENS: tuple[Shape, ...] = tuple(_rows())
