//! A bastion that runs Windows with Microsoft's OpenSSH: the account, the key and the access list that sshd insists on. Commands
//! are PowerShell's.

use super::step::{Platform, Step};
use super::{Setup, line};
use crate::model::{Endpoint, Owner};

/// One word of PowerShell: every quote that it takes for a single quote is doubled (about_Quoting_Rules).
pub(super) fn powershell_word(text: &str) -> String {
    let mut out = String::from("'");
    for c in text.chars() {
        out.push(c);
        if matches!(c, '\'' | '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}') {
            out.push(c);
        }
    }
    out.push('\'');
    out
}

pub(super) fn steps(setup: &Setup) -> Vec<Step> {
    let mut steps = vec![account(setup)];
    steps.extend(key(setup));
    steps.push(settings(setup));
    steps.push(firewall(setup));
    steps
}

fn account(setup: &Setup) -> Step {
    let user = powershell_word(&setup.user);
    let why = "an account of its own, outside of Administrators: sshd reads an administrator's keys from one file for all of them";
    Step::new(Platform::Windows, Owner::BastionAdmin, format!("Make the account {}", setup.user), why)
        .run(
            "in PowerShell as administrator, where OpenSSH Server is not there yet",
            "Add-WindowsCapability -Online -Name OpenSSH.Server~~~~0.0.1.0\nSet-Service sshd -StartupType Automatic\nStart-Service sshd",
        )
        .run(
            "a password that nobody knows: only the key lets in",
            format!(
                "$secret = ConvertTo-SecureString ([guid]::NewGuid().ToString() + 'aA1!') -AsPlainText -Force\n\
                 if (-not (Get-LocalUser -Name {user} -ErrorAction SilentlyContinue)) {{ New-LocalUser -Name {user} -Password $secret -PasswordNeverExpires }}"
            ),
        )
}

fn key(setup: &Setup) -> Option<Step> {
    let line = powershell_word(&line::line(setup)?);
    let user = powershell_word(&setup.user);
    let why = "a new account has no home folder before its first login, so its keys stand in a folder of sshd's own. sshd passes \
               over a file that anybody but Administrators, SYSTEM or the account itself may write, and one that is not plain \
               text: PowerShell's own > writes UTF-16";
    Some(
        Step::new(Platform::Windows, Owner::BastionAdmin, format!("Put the key's line where sshd reads it for {}", setup.user), why)
            .run(
                "for an account outside of Administrators",
                format!(
                    "$user = {user}\n$line = {line}\n$file = \"$env:ProgramData\\ssh\\keys\\$user\"\n\
                     New-Item -ItemType Directory -Force (Split-Path $file) | Out-Null\n\
                     if (-not (Test-Path -LiteralPath $file) -or (Get-Content -LiteralPath $file) -cnotcontains $line) {{ Add-Content -LiteralPath $file -Encoding Ascii -Value $line }}\n\
                     icacls $file /inheritance:r /grant '*S-1-5-32-544:F' '*S-1-5-18:F'"
                ),
            )
            .run(
                "for an account inside of Administrators: one file for all of them, with this access list and no other",
                format!(
                    "$line = {line}\n$file = \"$env:ProgramData\\ssh\\administrators_authorized_keys\"\n\
                     if (-not (Test-Path -LiteralPath $file) -or (Get-Content -LiteralPath $file) -cnotcontains $line) {{ Add-Content -LiteralPath $file -Encoding Ascii -Value $line }}\n\
                     icacls $file /inheritance:r /grant '*S-1-5-32-544:F' '*S-1-5-18:F'"
                ),
            ),
    )
}

fn settings(setup: &Setup) -> Step {
    let targets: Vec<String> = setup.targets().iter().map(Endpoint::to_string).collect();
    let open = if targets.is_empty() { "none".to_owned() } else { targets.join(" ") };
    let why = "the account may open forwards to its databases and nothing else, and its keys are read from the file of the step \
               before";
    let block = [
        format!("Match User {}", setup.user.to_lowercase()),
        "    AuthorizedKeysFile __PROGRAMDATA__/ssh/keys/%u".to_owned(),
        "    AllowTcpForwarding local".to_owned(),
        format!("    PermitOpen {open}"),
        "    AllowAgentForwarding no".to_owned(),
        "    PermitTTY no".to_owned(),
    ];
    let words: Vec<String> = block.iter().map(|line| powershell_word(line)).collect();
    let first = words.first().cloned().unwrap_or_default();
    Step::new(Platform::Windows, Owner::BastionAdmin, format!("Limit what sshd lets {} do", setup.user), why)
        .run(
            "the block goes to the end of the file, once only",
            format!(
                "$config = \"$env:ProgramData\\ssh\\sshd_config\"\n\
                 if ((Get-Content $config) -notcontains {first}) {{ Add-Content $config -Encoding Ascii -Value {} }}",
                words.join(", ")
            ),
        )
        .run(
            "only settings without a mistake are taken into use",
            "& \"$env:SystemRoot\\System32\\OpenSSH\\sshd.exe\" -t; if ($?) { Restart-Service sshd }",
        )
}

fn firewall(setup: &Setup) -> Step {
    let port = setup.address.port;
    let why = "the rule that comes with OpenSSH Server lets everybody in on port 22; this one names who may come, to the \
               destination port";
    let addresses: Vec<String> = setup.sources().iter().map(|address| powershell_word(&address.to_string())).collect();
    let (ask, remote) = if addresses.is_empty() {
        ("$client = Read-Host 'address that they come from'\n", "$client".to_owned())
    } else {
        ("", addresses.join(","))
    };
    let name = powershell_word(&setup.label());
    let step = Step::new(Platform::Windows, Owner::BastionAdmin, "Both ways through Windows' own firewall", why).run(
        format!("first way: from the person to port {port} here"),
        format!(
            "{ask}New-NetFirewallRule -Name {name} -DisplayName {name} -Direction Inbound -Action Allow -Protocol TCP -LocalPort {port} -RemoteAddress {remote}"
        ),
    );
    setup.targets().iter().fold(step, |step, target| {
        let host = powershell_word(target.host.as_str());
        step.run(
            format!("second way: from here to {target}; it is open unless outgoing connections are blocked"),
            format!("Test-NetConnection -ComputerName {host} -Port {}", target.port),
        )
    })
}
