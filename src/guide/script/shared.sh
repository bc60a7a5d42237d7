# Functions of the set-up and of its undoing.
adit_say() { printf 'adit: %s\n' "$*" >&2; }
adit_fail() {
  adit_say "$*"
  exit 1
}
adit_has() { command -v "$1" >/dev/null 2>&1; }

# Says what is done and does it; with --dry-run it only says.
adit_do() {
  what=$1
  shift
  if [ "$dry" = yes ]; then
    printf 'would %s\n' "$what"
    return 0
  fi
  adit_say "$what"
  "$@" || adit_fail "could not $what; nothing more was done"
}

# What every run begins with. A script that mail has damaged does nothing.
adit_begin() {
  LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"
  export LC_ALL PATH
  unset IFS
  set -f
  umask 077
  cd / || exit 1
  nl='
'
  ADIT_KEY=$(printf '%s' "$ADIT_KEY" | tr -d ' \t\r\n')
  ADIT_OPTIONS=$(printf '%s' "$ADIT_OPTIONS" | tr -d ' \t\r\n')
  ADIT_OLD_OPTIONS=$(printf '%s' "$ADIT_OLD_OPTIONS" | tr -d ' \t\r\n')
  sum=$(printf '%s' "$ADIT_USER $ADIT_KEY_TYPE $ADIT_KEY $ADIT_OPTIONS $ADIT_OLD_OPTIONS" | tr -d ' \t\r\n' | cksum)
  [ "${sum%% *}" = "$ADIT_SUM" ] ||
    adit_fail 'this script was damaged on its way, as by mail that breaks long lines; ask for it again as a file. Nothing was changed'
  case $ADIT_USER in
    '' | -* | *[[:cntrl:][:space:]:/]*) adit_fail "\"$ADIT_USER\" is no name that an account can have. Nothing was changed" ;;
  esac
  [ "$(id -u)" = 0 ] || adit_fail 'this must run as root on the bastion, as in: sudo sh FILE. Nothing was changed'
  type=$ADIT_KEY_TYPE blob=$ADIT_KEY
  mark="# adit setup $ADIT_FINGERPRINT:"
  kept='#adit-replaced '
}

# The account's entry: uid, gid, gecos, home, shell; empty entry where there is none.
adit_account() {
  if adit_has getent; then
    entry=$(getent passwd "$ADIT_USER") || entry=''
  else
    entry=$(while IFS= read -r row; do case $row in "$ADIT_USER":*) printf '%s' "$row"; break ;; esac; done </etc/passwd)
  fi
  # A name of digits is also taken for a number.
  case $entry in "$ADIT_USER":*) ;; *) entry='' ;; esac
  [ -n "$entry" ] || return 0
  rest=${entry#*:*:}
  uid=${rest%%:*} rest=${rest#*:}
  gid=${rest%%:*} rest=${rest#*:}
  gecos=${rest%%:*} rest=${rest#*:}
  home=${rest%%:*} shell=${rest#*:}
}

# The account's row of the shadow file: password mark and the day of its last change.
adit_shadow() {
  if adit_has getent; then row=$(getent shadow "$ADIT_USER") || row=''; else row=''; fi
  [ -n "$row" ] || row=$(while IFS= read -r line; do case $line in "$ADIT_USER":*) printf '%s' "$line"; break ;; esac; done </etc/shadow 2>/dev/null)
  row=${row#*:}
  password=${row%%:*} row=${row#*:}
  changed=${row%%:*}
}

# What sshd says is in force for the account; empty where it does not tell.
adit_settings() {
  dump='' debian=no
  sshd=$(command -v sshd) || sshd=''
  [ -n "$sshd" ] || return 0
  if grep -q -e 'Debian-' -e 'Ubuntu-' "$sshd" 2>/dev/null; then debian=yes; fi
  case $ADIT_USER in *,* | *=*) return 0 ;; esac
  address=${ADIT_FROM%%,*}
  address=${address:-127.0.0.1}
  dump=$("$sshd" -T -C "user=$ADIT_USER,host=$address,addr=$address" 2>/dev/null) || dump=''
}
adit_setting() { printf '%s\n' "$dump" | sed -n "s/^$1 //p" | head -n 1; }

# Fills in the tokens of a word of AuthorizedKeysFile.
adit_expand() {
  rest=$1 found=''
  while :; do
    case $rest in *%*) ;; *) break ;; esac
    found=$found${rest%%"%"*}
    rest=${rest#*%}
    case $rest in
      h*) found=$found$home ;;
      u*) found=$found$ADIT_USER ;;
      U*) found=$found$uid ;;
      %*) found=$found% ;;
    esac
    rest=${rest#?}
  done
  found=$found$rest
  case $found in /*) ;; *) found=$home/$found ;; esac
}

# The file that the line belongs into: of those that sshd reads the one that has the key, or else the first.
adit_file() {
  words=$(adit_setting authorizedkeysfile)
  [ -n "$words" ] || words=$(sed -n 's/^[[:space:]]*[Aa]uthorized[Kk]eys[Ff]ile[[:space:]=][[:space:]]*//p' /etc/ssh/sshd_config 2>/dev/null | head -n 1)
  words=$(printf '%s' "$words" | tr -d '"')
  [ -n "$words" ] || words=.ssh/authorized_keys
  file=''
  for word in $words; do
    [ "$word" != none ] || continue
    adit_expand "$word"
    [ -n "$file" ] || file=$found
    if [ -f "$found" ] && grep -qF -- "$blob" "$found"; then
      file=$found
      break
    fi
  done
  [ -n "$file" ] ||
    adit_fail "sshd reads keys from no file for $ADIT_USER (AuthorizedKeysFile none): set it for this account, then run this again"
  folder=${file%/*}
  inside=no
  case $file in "$home"/*) inside=yes ;; esac
}

# Root follows no link that somebody else may have laid, and changes no file that has a second name elsewhere.
adit_no_links() {
  [ "$inside" = yes ] || return 0
  for place in "$folder" "$file"; do
    if [ -L "$place" ]; then
      adit_fail "$place is a link, and this follows none as root. See where it leads, and put the line there by hand"
    fi
  done
  [ -f "$file" ] || return 0
  # shellcheck disable=SC2046 # words on purpose
  set -- $(ls -ldn "$file")
  [ "$2" = 1 ] || adit_fail "$file has a second name elsewhere (a hard link), and this changes no such file as root. See where it is"
}
adit_owner() {
  # shellcheck disable=SC2046 # words on purpose
  set -- $(ls -Ldn "$1")
  printf '%s' "$3"
}

# Does something inside of a folder: as the account, where the folder is its own, so that nothing it lays there can lead root
# elsewhere; as root, where root owns the folder.
adit_in() {
  whose=$(adit_owner "${1:-/}")
  shift
  if [ "$whose" != "$uid" ] || [ "$uid" = 0 ]; then
    "$@"
  elif setpriv --reuid="$uid" --regid="$gid" --clear-groups true 2>/dev/null; then
    setpriv --reuid="$uid" --regid="$gid" --clear-groups -- "$@"
  elif chroot --userspec="$uid:$gid" / true 2>/dev/null; then
    chroot --userspec="$uid:$gid" / "$@"
  else
    # shellcheck disable=SC2016 # the inner shell expands
    su -s /bin/sh -c 'exec "$@"' -- "$ADIT_USER" sh "$@"
  fi
}

# Lines of the file with the key that sshd would read, by number.
adit_numbers() {
  [ -f "$file" ] || return 0
  grep -nF -- "$blob" "$file" | grep -v '^[0-9]*:[[:space:]]*#' | cut -d: -f1
}

# The line that marks ours, by number, and what it remembers.
adit_marked() {
  at='' memory=''
  [ -f "$file" ] || return 0
  row=$(grep -nF -- "$mark" "$file" | head -n 1)
  [ -n "$row" ] || return 0
  at=${row%%:*}
  memory=$(printf '%s' "${row#*"$mark"}" | tr -d '\r')
  next=$(sed -n "$((at + 1))p" "$file")
  case $next in *"$blob"*) ;; *) next='' ;; esac
}
adit_remembers() { case " $memory " in *" $1 "*) return 0 ;; esac; return 1; }

# True where a group of the account's name is there.
adit_group_there() {
  if adit_has getent && getent group "$ADIT_USER" >/dev/null; then return 0; fi
  while IFS= read -r row; do
    case $row in "$ADIT_USER":*) return 0 ;; esac
  done </etc/group
  return 1
}

# Puts another text in place of the file, in one step; owner and mode stay. $1 is what sed does to the old text, $2 what comes
# behind it, $3 how many bytes are cut off at the end.
adit_replace() {
  # shellcheck disable=SC2016 # the inner shell expands
  adit_in "$folder" /bin/sh -c '
    file=$1 fresh=$2 program=$3 more=$4 cut=$5
    umask 077
    (set -C && : >"$fresh") || exit 1
    text() {
      if [ -n "$program" ]; then sed "$program" "$file"; else cat "$file"; fi && printf %s "$more"
    }
    whole() {
      if [ "$cut" = 0 ]; then text; else
        size=$(text | wc -c) && if [ "$size" -gt "$cut" ]; then text | head -c "$((size - cut))"; fi
      fi
    }
    cp -p "$file" "$fresh" && whole >"$fresh" && mv -f "$fresh" "$file" && exit 0
    rm -f "$fresh"
    exit 1
  ' sh "$file" "$folder/.adit-setup.$$" "$1" "$2" "$3"
}
