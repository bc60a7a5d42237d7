# What the look above found, in a form that survives mail: names of facts and their values, without blanks. Words of commands
# in a key's line are left out.
nl='
'
adit_defaults="$nl"'strictmodes yes
pubkeyauthentication yes
allowtcpforwarding yes
allowstreamlocalforwarding yes
disableforwarding no
usedns no
refuseconnection no
permitopen any
authenticationmethods any
permitrootlogin prohibit-password
permitrootlogin without-password
maxsessions 10
authorizedkeyscommand none
chrootdirectory none
forcecommand none
revokedkeys none
trustedusercakeys none
authorizedprincipalsfile none
authorizedkeysfile .ssh/authorized_keys .ssh/authorized_keys2
'

# A text in letters, digits and few signs; a blank is a plus, anything else its number.
adit_encode() {
  rest=$1 out='' last=''
  while [ -n "$rest" ]; do
    tail=${rest#?}
    c=${rest%"$tail"}
    rest=$tail
    now=$c
    case $c in
      [A-Za-z0-9/:,=@_]) ;;
      [-.]) if [ "$c" = "$last" ]; then c=$(adit_hex "$c"); fi ;;
      ' ') c=+ ;;
      '"') c=%22 ;;
      *) c=$(adit_hex "$c") ;;
    esac
    last=$now out=$out$c
  done
}
adit_hex() { printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g'; }

# drwxr-x---+ as d750+.
adit_bits() {
  bits=''
  for part in "${1%"${1#????}"}" "$(printf '%s' "$1" | cut -c5-7)" "$(printf '%s' "$1" | cut -c8-10)"; do
    part=${part#"${part%???}"} n=0
    case $part in r??) n=$((n + 4)) ;; esac
    case $part in ?w?) n=$((n + 2)) ;; esac
    case $part in ??[xst]) n=$((n + 1)) ;; esac
    bits=$bits$n
  done
  bits=${1%"${1#?}"}$bits
  case $1 in *+) bits=$bits+ ;; esac
}

# A key's line up to the key: programs and variables of the line are nobody's business.
adit_mask() {
  printf '%s' "$1" | sed -e 's/\([Cc][Oo][Mm][Mm][Aa][Nn][Dd]="\)[^"\\]*\(\\.[^"\\]*\)*"/\1x"/g' \
    -e 's/\([Ee][Nn][Vv][Ii][Rr][Oo][Nn][Mm][Ee][Nn][Tt]="\)[^"\\]*\(\\.[^"\\]*\)*"/\1A=x"/g' \
    -e 's/\([Cc][Oo][Mm][Mm][Aa][Nn][Dd]="\)\([^x].*\|x[^"].*\)$/\1x/' \
    -e 's/\([Ee][Nn][Vv][Ii][Rr][Oo][Nn][Mm][Ee][Nn][Tt]="\)\([^A].*\|A[^=].*\|A=[^x].*\|A=x[^"].*\)$/\1A=x/'
}

# Targets of a long line by their check sums, all in one.
adit_short_line() {
  printf '%s' "$1" | tr ',' '\n' | {
    sums='' left=''
    while IFS= read -r option || [ -n "$option" ]; do
      case $option in
        permitopen=\"*\")
          target=${option#permitopen=\"}
          target=$(printf '%s' "${target%\"}" | cksum)
          sums="$sums.${target%% *}"
          ;;
        *) left="$left,$option" ;;
      esac
    done
    if [ -n "$sums" ]; then left=",permitopen=\"#${sums#.}\"$left"; fi
    printf '%s' "$left"
  }
}

# One fact after the other, at most as many as fit. $1 is how much must be left out: 0 nothing, 1 what lists name beside us, 2
# names of targets, 3 the files of settings that sshd itself did not tell of.
adit_facts() {
  home='' lists='' number='' path='' lines=0 parts=0 unseen=0
  while IFS= read -r fact; do
    name=${fact%%=*} value=${fact#*=}
    case $name in
      sight | exists | uid | gid | shell | shadow | clock | zone | build | readable | label | scanned | nul | above | pem | options | missing) ;;
      home) home=$value ;;
      home_real) [ "$value" != "$home" ] || continue ;;
      gids | groups) [ "$1" = 0 ] || continue ;;
      selinux) [ "$value" = yes ] || continue ;;
      version) value=${value%%[ ,]*} ;;
      config) [ "$value" != /etc/ssh/sshd_config ] || continue ;;
      unseen)
        unseen=$((unseen + 1))
        [ $unseen -le 3 ] || continue
        ;;
      conf) [ "$1" -lt 3 ] || { name=unseen value=/etc/ssh/sshd_config; [ $unseen = 0 ] || continue; unseen=1; } ;;
      set) adit_set "$1" || continue ;;
      path)
        adit_bits "${value%% *}"
        name=p value="$bits ${value#* }"
        ;;
      file)
        number=${value%% *} path=${value#* }
        path=${path#* }
        ;;
      real) [ "$value" != "$number $path" ] || continue ;;
      line)
        lines=$((lines + 1))
        [ $lines -le 4 ] || continue
        case $value in
          *behind) ;;
          *)
            value=$(adit_mask "${value%"$ADIT_KEY"}"; printf .)
            value=${value%.}
            if [ "$1" -ge 2 ]; then
              long=${value#* * * }
              short=$(adit_short_line "$long"; printf .)
              short=${short#,}
              value=${value%"$long"}${short%.}
            fi
            ;;
        esac
        ;;
      part)
        parts=$((parts + 1))
        [ $parts -le 20 ] || continue
        ;;
      *) continue ;;
    esac
    adit_encode "$value"
    printf '%s=%s;' "$name" "$out"
  done
}

# A setting that is as sshd has it by itself says nothing; of long lists only what may be about us.
adit_set() {
  case $adit_defaults in *"$nl$value$nl"*) return 1 ;; esac
  word=${value%% *} list=${value#* }
  case $word in
    pubkeyaccepted*)
      case $list in [-+^]* | *[*?]*) return 0 ;; esac
      mine=''
      for item in $(printf '%s' "$list" | tr ',' ' '); do
        case $item in "$ADIT_KEY_TYPE" | rsa-sha2-*) mine="$mine,$item" ;; esac
      done
      value="$word ${mine#,}"
      [ -n "$mine" ] || value="$word ${list%%,*}"
      ;;
    allowusers | denyusers | allowgroups | denygroups)
      [ "$1" != 0 ] || return 0
      # shellcheck disable=SC2254 # a pattern on purpose
      case $ADIT_USER in ${list%%@*}) return 0 ;; esac
      case $lists in *" $word "*) case $word in *users) return 1 ;; esac ;; esac
      lists="$lists $word "
      ;;
    permitopen)
      [ "$1" != 0 ] || return 0
      mine='' others=0
      for item in $list; do
        case " $ADIT_TARGETS " in *" $item "*) mine="$mine $item"; continue ;; esac
        case $item in *'*'*) mine="$mine $item"; continue ;; esac
        others=$((others + 1))
        [ $others -gt 2 ] || mine="$mine $item"
      done
      value="$word$mine"
      ;;
  esac
  return 0
}

adit_receipt() {
  LC_ALL=C
  export LC_ALL
  set -f
  unset IFS
  if ! command -v cksum >/dev/null 2>&1; then
    printf '%s\n' 'adit: no receipt can be made here: cksum is missing' >&2
    return 1
  fi
  # What sshd demands may depend on where a login comes from: we ask for the address that ours comes from.
  seen=$(
    [ -z "$ADIT_FROM" ] || SSH_CONNECTION=${ADIT_FROM%%,*}
    adit_look </dev/null 2>/dev/null
  )
  adit_encode "$ADIT_FINGERPRINT"
  head="bastion=$ADIT_BASTION;key=$out;"
  if [ -n "$ADIT_FROM" ]; then head="${head}from=$ADIT_FROM;"; fi
  adit_encode "$ADIT_USER"
  head="${head}user=$out;"
  for level in 0 1 2 3; do
    block=$head$(printf '%s\n' "$seen" | adit_facts $level)
    [ ${#block} -gt 1700 ] || break
  done
  if [ ${#block} -gt 1700 ]; then
    while [ ${#block} -gt 1690 ]; do
      block=${block%;}
      block=${block%;*}\;
    done
    block=${block}cut=yes\;
  else
    case $seen in *'adit-look 1 end'*) ;; *) block=${block}cut=yes\; ;; esac
  fi
  sum=$(printf '%s' "$block" | cksum)
  printf '%s\n' 'adit: send all of the following back, from the first line to the last; it holds no secret' >&2
  printf '%s\n' adit-receipt-1-begin
  rest="${block}cksum=${sum%% *};"
  width='????????????????????????????????????????????????????????????????'
  while [ ${#rest} -gt 64 ]; do
    # shellcheck disable=SC2295 # a pattern on purpose
    printf '%s\n' "${rest%"${rest#$width}"}"
    # shellcheck disable=SC2295
    rest=${rest#$width}
  done
  printf '%s\n' "$rest" adit-receipt-1-end
}
