"""Package managers and language environments: apt, npm, uv, poetry, bundle, conda, nix and their kin."""

from __future__ import annotations

from safeshell.command.programs.description import OWN_PATH, Interpreter, Program, Programs, Runs, kept
from safeshell.command.programs.record import Record, Wrapper, getopt, words

_CALL = ("-c", "--call")
_NPM_OPTIONS = "package= call= workspace= workspaces include-workspace-root yes no prefix= userconfig= registry= quiet"
_NPM_EXEC = Wrapper("c:p:w:yC:", _NPM_OPTIONS, texts=_CALL, read_by="sh")
_PNPM_EXEC = Wrapper(
    "cr",
    "parallel recursive shell-mode resume-from= report-summary no-reporter-hide-prefix package= allow-build=",
    joined_with=("-c", "--shell-mode"),
    read_by="sh",
)
_ANY = Wrapper("")
_UV_RUN = Wrapper(
    "m:p:w:i:f:C:P:Unqvh",
    "extra= all-extras no-extra= no-dev group= no-group= no-default-groups only-group= all-groups module= only-dev "
    "editable no-editable exact env-file= no-env-file with= with-editable= with-requirements= isolated active no-sync "
    "locked frozen script gui-script all-packages package= no-project python-platform= index= default-index= "
    "index-url= extra-index-url= find-links= no-index upgrade upgrade-package= index-strategy= keyring-provider= "
    "resolution= prerelease= fork-strategy= exclude-newer= no-sources reinstall reinstall-package= link-mode= "
    "config-setting= no-build-isolation no-build-isolation-package= no-build no-build-package= no-binary "
    "no-binary-package= no-cache cache-dir= refresh refresh-package= python= managed-python no-managed-python "
    "no-python-downloads quiet verbose color= native-tls offline allow-insecure-host= no-progress directory= project= "
    "config-file= no-config help from= constraints= overrides= build-constraints= spec= torch-backend= index-username",
    ("-h", "--help"),
    enters=("--directory",),
    exact=True,
)
_UV = Wrapper(
    "qv",
    "quiet verbose color= directory= project= config-file= cache-dir= no-cache offline native-tls no-config",
    verbs={"run": _UV_RUN, "tool": Wrapper("", verbs={"run": _UV_RUN}), "x": _UV_RUN},
    enters=("--directory",),
    exact=True,
)
_CONDA_RUN = Wrapper(
    "n:p:vh",
    "name= prefix= verbose dev debug-wrapper-scripts cwd= no-capture-output live-stream attach= clean-env env= label= "
    "root-prefix=",
    ("-h", "--help"),
    enters=("--cwd",),
)
_NIX_SHELL = (
    "arg= argstr= override-input= option= include= file= expr= impure ignore-environment keep= unset= system= profile= "
    "phase= redirect= inputs-from= command offline refresh quiet verbose"
)
_NIX_IN = Wrapper(
    "cik:u:",
    _NIX_SHELL,
    permutes=True,
    pairs=("--arg", "--argstr", "--override-input", "--option", "--redirect"),
    behind=("-c", "--command"),
)
_DASHED = Wrapper("", dashed=True)
_YARN_WORKSPACES = Wrapper(
    "", verbs={"foreach": Wrapper("AWRpitvj:", "all include= exclude= since from= jobs=", verbs={"exec": _ANY})}
)
_LERNA_EXEC = Wrapper(
    "", "scope= ignore= concurrency= stream parallel no-bail no-prefix since=", dashed=True, joined=True, read_by="sh"
)
_PIPX_RUN = Wrapper(
    "", "spec= python= pip-args= no-cache pypackages path index-url= editable system-site-packages verbose with="
)
_HATCH_ENV = Wrapper(
    "", verbs={"run": Wrapper("e:i:x:f:", "env= include= exclude= filter= force-continue ignore-compat", dashed=True)}
)
_MISE = Wrapper(
    "C:E:qvy",
    "cd= env= quiet verbose yes",
    verbs={
        name: Wrapper("c:C:j:", "command= cd= jobs= raw", texts=("-c", "--command"), enters=("-C", "--cd"), dashed=True)
        for name in ("exec", "x")
    },
    enters=("-C", "--cd"),
)
_OWN_PATH = {
    "npx": _NPM_EXEC,
    "pnpx": _PNPM_EXEC,
    "pnpm": Wrapper(
        "rC:wF:",
        "recursive dir= workspace-root filter= filter-prod= silent reporter= parallel stream use-node-version=",
        verbs={"exec": _PNPM_EXEC, "dlx": _PNPM_EXEC, "node": _ANY},
        enters=("-C", "--dir"),
    ),
    "yarn": Wrapper(
        "sv",
        "cwd= silent verbose",
        verbs={
            "exec": _ANY,
            "dlx": Wrapper("p:q", "package= quiet"),
            "workspace": Wrapper("", operands=1, verbs={"exec": _ANY}),
            "workspaces": _YARN_WORKSPACES,
        },
        enters=("--cwd",),
    ),
    "yarnpkg": Wrapper("", "cwd=", verbs={"exec": _ANY}, enters=("--cwd",)),
    "bunx": Wrapper("p:", "bun package= silent verbose"),
    "lerna": Wrapper("", "concurrency= loglevel= scope= ignore= since=", verbs={"exec": _LERNA_EXEC}),
    "nx": Wrapper("", verbs={"exec": _DASHED}),
    "uv": _UV,
    "uvx": _UV_RUN,
    "rye": Wrapper("", verbs={"run": Wrapper("lf", "list pyproject=")}),
    "poetry": Wrapper(
        "C:P:nqv",
        "directory= project= no-interaction quiet verbose no-plugins no-cache ansi no-ansi",
        verbs={"run": _ANY},
        enters=("-C", "--directory"),
    ),
    "pipenv": Wrapper("q", "python= quiet verbose bare site-packages", verbs={"run": Wrapper("q", "system verbose")}),
    "pdm": Wrapper(
        "c:vqI",
        "config= verbose quiet",
        verbs={"run": Wrapper("slp:g", "site-packages list json venv= project= global recreate")},
    ),
    "pipx": Wrapper("qv", "quiet verbose", verbs={"run": _PIPX_RUN}),
    "hatch": Wrapper(
        "e:p:vq",
        "env= project= data-dir= cache-dir= config= color no-color verbose quiet",
        verbs={"run": _ANY, "env": _HATCH_ENV},
    ),
    "pixi": Wrapper(
        "vq",
        "verbose quiet color= no-progress",
        verbs={
            "run": Wrapper("e:", "environment= manifest-path= frozen locked as-is clean-env skip-deps no-install"),
            "exec": Wrapper("s:c:w:", "spec= channel= with= platform= force-reinstall list="),
        },
    ),
    **dict.fromkeys(
        ("conda", "mamba", "micromamba"), Wrapper("r:p:n:qv", "root-prefix= prefix= name=", verbs={"run": _CONDA_RUN})
    ),
    "tox": Wrapper("e:c:qv", verbs={"exec": Wrapper("e:", dashed=True)}),
    "bundle": Wrapper(
        "",
        "no-color verbose retry=",
        verbs={"exec": Wrapper("", "keep-file-descriptors gemfile="), "e": Wrapper("", "gemfile=")},
    ),
    "bundler": Wrapper("", verbs={"exec": Wrapper("", "keep-file-descriptors gemfile=")}),
    **dict.fromkeys(
        words("rbenv pyenv nodenv goenv jenv plenv phpenv asdf volta"),
        Wrapper("", verbs={"exec": _ANY, "run": Wrapper("", "node= npm= pnpm= yarn= bundled-npm no-yarn env=")}),
    ),
    "rvm": Wrapper("", verbs={"exec": _ANY, "do": _ANY, "": Wrapper("", operands=1, verbs={"do": _ANY, "exec": _ANY})}),
    "nvm": Wrapper("", verbs={"exec": Wrapper("", "silent lts=", operands=1)}),
    "fnm": Wrapper("", verbs={"exec": Wrapper("", "using= using-file")}),
    **dict.fromkeys(("mise", "rtx"), _MISE),
    "nix-shell": Wrapper(
        "p:i:I:A:E:j:vQKk",
        "run= command= pure keep= exclude= arg= argstr= attr= packages expr= include= option= max-jobs= cores= quiet",
        ("--help", "--version"),
        permutes=True,
        pairs=("--arg", "--argstr", "--option"),
        texts=("--run", "--command"),
        needs=("--run", "--command"),
        read_by="bash",
    ),
    "nix": Wrapper(
        "LvQ",
        "extra-experimental-features= experimental-features= option= print-build-logs verbose quiet",
        verbs={"develop": _NIX_IN, "shell": _NIX_IN},
        pairs=("--option",),
    ),
    "guix": Wrapper("", verbs=dict.fromkeys(("shell", "environment", "time-machine"), _DASHED)),
    "steam-run": Wrapper(""),
    "spack": Wrapper("", verbs={"build-env": _DASHED}),
    "opam": Wrapper("", verbs={"exec": Wrapper("", "switch= set-root set-switch", dashed=True)}),
    "dune": Wrapper("", verbs={"exec": Wrapper("", "root= profile= context=")}),
    "stack": Wrapper("", verbs={"exec": Wrapper("", "package= cwd= rts-options=")}),
    "mix": Wrapper("", verbs={"cmd": Wrapper("", "app= cd=")}),
}
_OPTIONS = getopt(
    "hvfgw:C:lsqdy",
    "help version registry= tag= access= otp= workspace= workspaces include-workspace-root force global "
    "ignore-scripts provenance loglevel= prefix= userconfig= globalconfig= cache= json silent quiet verbose yes "
    "scope= dry-run save save-dev legacy-peer-deps omit= include= foreground-scripts",
    exact=True,
)
# `false` behind an option takes it back.
_OTHER: Record = {**_OPTIONS, "tries": ["-h/--help", "-v/--version"], "acts": ["false"]}
_DRY: Record = {**_OTHER, "tries": [*_OTHER["tries"], "--dry-run/--dry-run=true"]}
_CARGO_OPTIONS = getopt(
    "hVvqnp:F:j:Z:C:",
    "help version verbose quiet dry-run index= registry= token= no-verify allow-dirty package= exclude= workspace "
    "features= all-features no-default-features target= target-dir= jobs= keep-going manifest-path= lockfile-path= "
    "locked offline frozen config= color= undo vers= list",
    exact=True,
)
# Others are somebody else's.
_COMMANDS = words(
    "add bench build check clean doc fetch fix generate-lockfile info init install locate-project login logout "
    "metadata new owner package pkgid remove report run rustc rustdoc search test tree uninstall update vendor yank"
)
_CARGO_OTHER: Record = {**_CARGO_OPTIONS, "shows": ["-h/--help"]}
_CARGO_DRY: Record = {**_CARGO_OTHER, "tries": ["-n/--dry-run"]}

_HOOKS = ("*::pre-invoke*", "*::post-invoke*", "*::pre-install-pkgs*")
_APT = getopt(
    "hvsyqdfmbo:c:t:a:V",
    "help version simulate just-print dry-run recon no-act yes assume-yes assume-no quiet download-only fix-broken "
    "purge auto-remove autoremove allow-remove-essential option= config-file= target-release= default-release= "
    "host-architecture= build-profiles= show-progress verbose-versions reinstall allow-downgrades "
    "no-install-recommends",
    exact=True,
    tries=["-h/--help", "-v/--version", "-s/--simulate/--just-print/--dry-run/--recon/--no-act"],
    # A setting may say otherwise.
    acts=["-o", "--option", "-c", "--config-file"],
)
_NPM = Wrapper(
    "C:w:",
    f"{_NPM_OPTIONS} loglevel= silent global",
    verbs={"exec": _NPM_EXEC, "x": _NPM_EXEC, "explore": Wrapper("", operands=1)},
    enters=("--prefix", "-C"),
    kept=OWN_PATH,
)
_GEM = Wrapper("", verbs={"exec": Wrapper("g:v:", "gem= version= conservative prerelease")}, kept=OWN_PATH)
_CARGO = Wrapper(
    "",
    verbs={
        "watch": Wrapper(
            "x:s:w:i:cqd:", "exec= shell= watch= ignore= clear delay= why", dashed=True, texts=("-s", "--shell")
        )
    },
    kept=OWN_PATH,
)
_BUN = Wrapper("", "cwd= bun silent", verbs={"x": Wrapper("", "bun"), "exec": Wrapper("", joined=True)}, kept=OWN_PATH)
_BUN_CODE = Interpreter(
    Wrapper("e:p:r:", "eval= print= preload= cwd=", exact=True), "javascript", ("-e", "--eval", "-p", "--print")
)
_RUSTC = ("RUSTC_WRAPPER", "RUSTC", "RUSTDOC", "RUSTC_WORKSPACE_WRAPPER", "CARGO_BUILD_RUSTC_WRAPPER")
PROGRAMS: Programs = {
    **kept(OWN_PATH, _OWN_PATH),
    **dict.fromkeys(
        ("apt-get", "apt"),
        Program(_APT, runs=Runs(settings=(("-o", (*_HOOKS, "*changelogs::*")), ("--option", _HOOKS)))),
    ),
    "npm": Program(
        {**_OTHER, "shows": ["help"], "subcommands": {"publish": _DRY, "unpublish": _DRY, "": _OTHER}}, _NPM
    ),
    "bun": Program(row=_BUN, code=_BUN_CODE),
    "gem": Program(
        getopt("hv:p:V", "help version= platform= key= host= otp= verbose quiet silent debug", shows=["-h/--help"]),
        _GEM,
    ),
    "cargo": Program(
        {
            **_CARGO_OPTIONS,
            "shows": ["-h/--help", "-V/--version", "help", "version"],
            "subcommands": {"publish": _CARGO_DRY, **dict.fromkeys(_COMMANDS, _CARGO_OTHER)},
        },
        _CARGO,
        Runs(variables=_RUSTC),
    ),
    "dpkg": getopt(
        "irPVCLlsSpAcxXeIRBGOEuD:",
        "install remove purge unpack configure verify audit no-act dry-run simulate force-all force-remove-essential "
        "force-depends recursive abort-after root= admindir= instdir= status-fd= log= auto-deconfigure "
        "skip-same-version refuse-downgrade selected-only pending no-pager",
        exact=True,
        stops=True,
        tries=["--no-act/--dry-run/--simulate"],
    ),
    "twine": getopt(
        "hr:u:p:c:si:",
        "help version repository= repository-url= username= password= comment= sign sign-with= identity= config-file= "
        "skip-existing cert= client-cert= verbose disable-progress-bar non-interactive attestations",
        shows=["-h/--help", "--version"],
    ),
}
