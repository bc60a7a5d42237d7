# What sshd demands of one account, looked at and printed as key=value lines between two marks. Changes nothing, asks nobody.
# The environment says what to look for: ADIT_USER, and of the public key ADIT_KEY_TYPE and ADIT_KEY (its Base64), both or none.
# Password hashes, other people's keys and their comments are never printed.
adit_look() {
  LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"
  export LC_ALL PATH
  IFS=' 	
'
  set -f
  user=$ADIT_USER type=$ADIT_KEY_TYPE blob=$ADIT_KEY
  nl='
'
  cr=$(printf '\r')
  tab=$(printf '\t')

  # One fact a line, however odd its value.
  say() {
    value=$2
    case $value in *"$nl"*) value=$(printf '%s' "$value" | tr '\n' '?') ;; esac
    printf '%s=%.6000s\n' "$1" "$value"
  }
  has() { command -v "$1" >/dev/null; }

  # With the rights that we have: as root, as ourselves, or through sudo where it asks for nothing. For one's own account sudo
  # is left alone: where it is not allowed it tells the admin.
  as=''
  sight=other
  if [ "$(id -u)" = 0 ]; then sight=root
  elif [ "$(id -un)" = "$user" ]; then sight=own
  elif has sudo && sudo -n true; then sight=sudo as='sudo -n'
  elif has doas && doas -n true; then sight=sudo as='doas -n'
  fi
  r() { $as "$@"; }

  # The account.
  account() {
    entry=''
    if has getent; then
      entry=$(getent passwd "$user")
      case $? in 0) exists=yes ;; 2) exists=no ;; *) exists=unknown ;; esac
    else
      entry=$(while IFS= read -r line; do case $line in "$user":*) printf '%s' "$line"; break ;; esac; done </etc/passwd)
      exists=unknown
      if [ -n "$entry" ] || id -u "$user" >/dev/null; then exists=yes; elif [ ! -d /System ]; then exists=no; fi
    fi
    say exists "$exists"
    [ -n "$entry" ] || return
    rest=${entry#*:*:}
    uid=${rest%%:*} rest=${rest#*:}
    gid=${rest%%:*} rest=${rest#*:*:}
    home=${rest%%:*} shell=${rest#*:}
    say uid "$uid"
    say gid "$gid"
    say home "$home"
    say shell "$shell"
    say gids "$(id -G "$user")"
    say groups "$(id -Gn "$user")"
    row=$(r getent shadow "$user")
    [ -n "$row" ] || row=$(r cat /etc/shadow | while IFS= read -r line; do
      case $line in "$user":*) printf '%s' "$line"; break ;; esac
    done)
    case $row in *:*:*:*:*:*:*) ;; *) return ;; esac
    rest=${row#*:}
    case ${rest%%:*} in
      '') mark=empty ;;
      '!'* | '*LK*'* | '*LOCKED*'*) mark=locked ;;
      '*'* | x) mark=none ;;
      *) mark=set ;;
    esac
    rest=${rest#*:}
    changed=${rest%%:*} rest=${rest#*:*:}
    longest=${rest%%:*} rest=${rest#*:*:}
    idle=${rest%%:*} rest=${rest#*:}
    say shadow "$mark:$changed:$longest:$idle:${rest%%:*}"
  }

  # The server that we came through, by the titles of the processes above us; else the usual one.
  server() {
    binary='' config='' pid=$$ steps=0
    while [ "${pid:-0}" -gt 1 ] && [ $steps -lt 16 ]; do
      steps=$((steps + 1))
      if [ -r "/proc/$pid/cmdline" ]; then title=$(tr '\000' ' ' <"/proc/$pid/cmdline"); else title=$(ps -o args= -p "$pid"); fi
      case $title in
        sshd:*'[listener]'*)
          # shellcheck disable=SC2086 # words on purpose
          set -- $title
          shift
          case $1 in /*) [ -x "$1" ] && binary=$1 ;; esac
          while [ $# -gt 1 ]; do
            case $1 in
              -f) config=$2 ;;
              -f?*) config=${1#-f} ;;
              -o*) say options yes ;;
            esac
            shift
          done
          say listener yes
          break
          ;;
      esac
      if [ -r "/proc/$pid/status" ]; then
        pid=$(while read -r word value; do [ "$word" = PPid: ] && printf '%s' "$value" && break; done <"/proc/$pid/status")
      else
        pid=$(ps -o ppid= -p "$pid" | tr -d ' ')
      fi
    done
    [ -n "$binary" ] || binary=$(command -v sshd)
    case $config in /*) r test -e "$config" || config='' ;; *) config='' ;; esac
    [ -n "$config" ] || config=/etc/ssh/sshd_config
    say sshd "$binary"
    say config "$config"
    [ -z "$binary" ] || say version "$("$binary" -V 2>&1 | grep OpenSSH_ | head -n 1)"
    # These builds let a group write that has no other member; upstream's do not.
    if [ -r "$binary" ]; then
      if grep -q 'Debian-' "$binary" || grep -q 'Ubuntu-' "$binary"; then say build debian; else say build upstream; fi
    elif [ -r /etc/os-release ]; then
      if grep -Eq '^ID(_LIKE)?=.*(debian|ubuntu)' /etc/os-release; then say build debian; else say build upstream; fi
    fi
  }

  words='allowgroups|allowstreamlocalforwarding|allowtcpforwarding|allowusers|authenticationmethods|authorizedkeyscommand'
  words="$words|authorizedkeysfile|authorizedprincipalsfile|chrootdirectory|denygroups|denyusers|disableforwarding"
  words="$words|forcecommand|maxsessions|permitopen|permitrootlogin|pubkeyacceptedalgorithms|pubkeyacceptedkeytypes"
  words="$words|pubkeyauthentication|refuseconnection|revokedkeys|strictmodes|trustedusercakeys|usedns|usepam"

  # The lines of one configuration file that matter here, with those of the files that it includes, in sshd's order.
  conf() {
    if ! r test -r "$1"; then
      if r test -e "$1"; then say unseen "$1"; fi
      return
    fi
    say conf "$2 file $1"
    r cat "$1" | grep -Ei "^[[:space:]]*($words|include|match)([[:space:]=]|\$)" | tr '\t\r=' '   ' | head -n 200 |
      while read -r word value; do
        word=$(printf '%s' "$word" | tr '[:upper:]' '[:lower:]')
        if [ "$word" != include ]; then
          say conf "$2 $word $value"
        elif [ "$2" -lt 4 ]; then
          for pattern in $(printf '%s' "$value" | tr -d '"'); do
            case $pattern in /*) ;; *) pattern=/etc/ssh/$pattern ;; esac
            folder=${pattern%/*}
            if [ -d "$folder" ] && [ ! -r "$folder" ] && [ "$sight" != root ]; then say unseen "$pattern"; fi
            set +f
            for file in $pattern; do
              set -f
              (conf "$file" $(($2 + 1)))
            done
            set -f
          done
          say conf "$2 back"
        fi
      done
  }

  # What is in force for this account, from sshd itself where it tells, else the files.
  settings() {
    # shellcheck disable=SC2086 # words on purpose
    set -- $SSH_CONNECTION
    spec="user=$user,host=${1:-localhost},addr=${1:-127.0.0.1}"
    if [ -n "$4" ]; then spec="$spec,laddr=$3,lport=$4"; fi
    case $user in *,* | *=*) spec='' ;; esac
    dump=''
    if [ -n "$binary" ] && [ -n "$spec" ]; then
      dump=$(r "$binary" -T -f "$config" -C "$spec") || dump=$(r "$binary" -G -f "$config" -C "$spec") || dump=''
    fi
    places=''
    if [ -n "$dump" ]; then
      say settings effective
      kept=$(printf '%s\n' "$dump" | grep -E "^($words)( |\$)" | head -n 300)
      printf '%s\n' "$kept" | while read -r word value; do
        # Certificates' algorithms are long and not asked for here.
        case $word in pubkeyaccepted*) value=$(printf '%s' "$value" | tr ',' '\n' | grep -v cert | tr '\n' ',') ;; esac
        say set "$word ${value%,}"
      done
      places=$(printf '%s\n' "$kept" | while read -r word value; do [ "$word" = authorizedkeysfile ] && printf '%s ' "$value"; done)
    else
      say settings files
      kept=$(conf "$config" 0)
      [ -n "$kept" ] && printf '%s\n' "$kept" | head -n 300
      places=$(printf '%s\n' "$kept" | while read -r _ word value; do
        [ "$word" = authorizedkeysfile ] && printf '%s ' "$value" | tr -d '"'
      done)
    fi
  }

  # One file or folder, as `ls -n` shows it: mode, owner, group, and whether others are in a group that may write.
  place() {
    case $shown in *"$nl$1$nl"*) return ;; esac
    shown="$shown$1$nl"
    at=$1
    # shellcheck disable=SC2046 # words on purpose
    set -- $(r ls -Ldln "$at")
    if [ -z "$4" ]; then
      say missing "$(state "$at") $at"
      return
    fi
    mine=-
    case $1 in ?????w*) mine=$(private "$4" "$3") ;; esac
    say path "$1 $3 $4 $mine $at"
  }

  # there, absent, or hidden where a folder on the way cannot be searched.
  state() {
    if r test -e "$1"; then printf there; return; fi
    up=$1
    while [ "$up" != / ]; do
      up=${up%/*}
      up=${up:-/}
      if r test -d "$up"; then
        if r test -x "$up"; then printf absent; else printf hidden; fi
        return
      fi
    done
    printf hidden
  }

  # p where nobody but the account is in the group $1 of a file that $2 owns, s where others are, ? where it cannot be told.
  private() {
    if has getent; then people=$(getent passwd) group=$(getent group "$1"); else
      people=$(cat /etc/passwd)
      group=$(while IFS= read -r line; do case $line in *:*:"$1":*) printf '%s' "$line"; break ;; esac; done </etc/group)
    fi
    if [ -z "$people" ] || [ -z "$group" ]; then printf '?'; return; fi
    primary=$(printf '%s\n' "$people" | while IFS=: read -r _ _ who which _; do [ "$which" = "$1" ] && printf '%s ' "$who"; done)
    members=${group##*:}
    case " $primary" in *" $uid "*) only=$uid ;; *) only='' ;; esac
    for who in $primary; do if [ "$who" != "$uid" ]; then printf s; return; fi; done
    owner=$(printf '%s\n' "$people" | while IFS=: read -r name _ who _; do [ "$who" = "$2" ] && printf '%s' "$name" && break; done)
    if [ -n "$members" ] && [ "$members" != "$owner" ]; then printf s; return; fi
    if [ -z "$only$members" ]; then printf s; else printf p; fi
  }

  # The path without links, as sshd resolves it.
  resolve() {
    real=$(r realpath "$1") || real=$(r readlink -f "$1") || real=''
    if [ -z "$real" ]; then
      real=$(cd -P "$1" && pwd -P) || real=$(cd -P "${1%/*}/" && printf '%s/%s' "$(pwd -P)" "${1##*/}") || real=''
    fi
    printf '%s' "$real"
  }

  # A path and every folder above it.
  chain() {
    step=$1 steps=0
    while [ $steps -lt 40 ]; do
      place "$step"
      [ "$step" = / ] && return
      step=${step%/*}
      step=${step:-/}
      steps=$((steps + 1))
    done
  }

  # Where a word of AuthorizedKeysFile points to for this account.
  expand() {
    rest=$1 file=''
    while :; do
      case $rest in *%*) ;; *) break ;; esac
      file=$file${rest%%"%"*}
      rest=${rest#*%}
      case $rest in
        h*) file=$file$home ;;
        u*) file=$file$user ;;
        U*) file=$file$uid ;;
        %*) file=$file% ;;
        *) file=''; return ;;
      esac
      rest=${rest#?}
    done
    file=$file$rest
    case $file in /*) ;; *) file=$home/$file ;; esac
  }

  keys() {
    number=0 known=$nl
    # The three behind those in force are where keys are often put in vain.
    for word in $places .ssh/authorized_keys .ssh/authorized_keys2 /etc/ssh/authorized_keys/%u /etc/ssh/authorized_keys.d/%u \
      /etc/ssh/keys/%u .ssh/authorized_key .ssh/authorised_keys; do
      [ "$word" = none ] && continue
      expand "$word"
      case $file in '' | *[[:cntrl:]]*) continue ;; esac
      case $known in *"$nl$file$nl"*) continue ;; esac
      known="$known$file$nl"
      [ $number -lt 12 ] || break
      number=$((number + 1))
      present=$(state "$file")
      # Places that nobody speaks of are told only where there is something.
      case " $places " in *" $word "*) ;; *) [ "$present" = there ] || [ "$word" = .ssh/authorized_keys ] || continue ;; esac
      say file "$number $present $file"
      if [ "$present" != there ]; then
        chain "${file%/*}"
        continue
      fi
      real=$(resolve "$file")
      [ -n "$real" ] || continue
      [ "$real" = "$file" ] || say real "$number $real"
      chain "$real"
      if [ "$sight" = own ]; then if [ -r "$real" ]; then say readable "$number yes"; else say readable "$number no"; fi; fi
      if [ "$enforcing" = yes ]; then
        # shellcheck disable=SC2046 # words on purpose
        for word in $(r ls -dZ "$real"); do case $word in *:*:*:*) say label "$number $word"; break ;; esac; done
      fi
      [ -n "$blob" ] || continue
      if ! r test -f "$real" || ! r test -r "$real"; then say scanned "$number no"; continue; fi
      say scanned "$number yes"
      if [ "$(r cat "$real" | head -c 300000 | tr -d '\000' | wc -c)" -ne "$(r cat "$real" | head -c 300000 | wc -c)" ]; then
        say nul "$number"
      fi
      lines "$number" "$real"
    done
  }

  # The lines of one file that hold the key, or pieces of it. Of pieces only the place in the key is told.
  lines() {
    found=$(r cat "$2" | tr -d '\000' | grep -nF -- "$blob" | head -n 20)
    printf '%s\n' "$found" | while IFS= read -r line; do
      [ -n "$line" ] || continue
      no=${line%%:*} line=${line#*:}
      before=${line%%"$blob"*} after=${line#*"$blob"} flags=-
      case $after in '' | ' '* | "$tab"* | "$cr"*) ;; *) flags=run_on ;; esac
      case $before in *AAAA*) say line "$1 $no behind"; continue ;; esac
      case $line in *"$cr") [ $flags = - ] && flags=crlf ;; esac
      say line "$1 $no $flags $before$blob"
      if [ "$no" -gt 1 ]; then
        above=$(r sed -n "$((no - 1))p" "$2" | tr -d '\r\000')
        # shellcheck disable=SC2086 # words on purpose
        case ${above##*[ $tab]} in "$type") say above "$1 $((no - 1))" ;; esac
      fi
    done
    [ -z "$found" ] || return
    r cat "$2" | tr -d '\000\r' | head -n 4000 | {
      no=0 told=0 next=''
      while IFS= read -r line || [ -n "$line" ]; do
        no=$((no + 1))
        case $line in
          *'-----BEGIN '* | *'---- BEGIN '*) say pem "$1 $no" ;;
        esac
        first=yes
        for word in $line; do
          hit=''
          if [ ${#word} -ge 12 ]; then case $blob in *"$word"*) hit=$word ;; esac; fi
          if [ -z "$hit" ] && [ -n "$next" ] && [ "$first" = yes ]; then case $next in "$word"*) hit=$word ;; esac; fi
          next=''
          if [ -n "$hit" ] && [ $told -lt 40 ]; then
            ahead=${blob%%"$hit"*}
            told=$((told + 1))
            [ "${#hit}" -ge 12 ] || ahead=$reached
            say part "$1 $no ${#ahead} ${#hit}"
            reached=$ahead$hit
            next=${blob#"$reached"}
            first=yes
          else
            first=no
          fi
        done
      done
    }
  }

  echo 'adit-look 1 begin'
  case $user in
    '' | -* | *[[:cntrl:][:space:]:/]*) say sight none ;;
    *)
      say sight "$sight"
      say user "$user"
      say connection "$SSH_CONNECTION"
      say clock "$(date +%s)"
      say zone "$(date +%z)"
      enforcing=no
      if [ "$(cat /sys/fs/selinux/enforce)" = 1 ] || [ "$(has getenforce && getenforce)" = Enforcing ]; then enforcing=yes; fi
      say selinux "$enforcing"
      if has nc; then say nc yes; else say nc no; fi
      uid='' home='' shell='' shown=$nl
      account
      server
      settings
      if [ -n "$home" ]; then
        place "${shell:-/bin/sh}"
        real=$(resolve "$home")
        say home_real "$real"
        chain "${real:-$home}"
        keys
      fi
      ;;
  esac
  echo 'adit-look 1 end'
}
adit_look </dev/null 2>/dev/null
