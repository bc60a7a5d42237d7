//! Both ways through Azure's network security groups: by clicks and by its command line. Rules name destination ports; the port
//! that the other side sends from is any.

use super::step::{Platform, Step};
use super::{Setup, address};
use crate::model::{Database, Kind, Owner, shell_word};

/// True for a host name that only this cloud hands out.
pub(super) fn is_there(host: &str) -> bool {
    [
        ".cloudapp.azure.com",
        ".database.azure.com",
        ".database.windows.net",
        ".internal.cloudapp.net",
        ".redis.cache.windows.net",
    ]
    .iter()
    .any(|end| host.ends_with(end))
}

/// Finds the bastion's machine: `nic`, `private`, and the security group that guards it as `nsg`, `group`, `name`.
fn find_bastion(setup: &Setup) -> String {
    let host = &setup.address.host;
    let (lookup, field) = match host.as_ip() {
        Some(ip) if address::is_private(ip) => (format!("address={}", shell_word(&ip.to_string())), "privateIps"),
        Some(ip) => (format!("address={}", shell_word(&ip.to_string())), "publicIps"),
        None => (format!("address=$(dig +short {} | tail -n 1)", shell_word(host.as_str())), "publicIps"),
    };
    format!(
        "{lookup}\n\
         vm=$(az vm list --show-details --query \"[?{field}=='$address'].id | [0]\" --output tsv)\n\
         nic=$(az vm show --ids \"$vm\" --query 'networkProfile.networkInterfaces[0].id' --output tsv)\n\
         private=$(az network nic show --ids \"$nic\" --query 'ipConfigurations[0].privateIPAddress' --output tsv)"
    )
}

/// The security group of a network interface, or of its subnet.
fn find_group() -> &'static str {
    "nsg=$(az network nic show --ids \"$nic\" --query 'networkSecurityGroup.id' --output tsv)\n\
     subnet=$(az network nic show --ids \"$nic\" --query 'ipConfigurations[0].subnet.id' --output tsv)\n\
     [ -n \"$nsg\" ] || nsg=$(az network vnet subnet show --ids \"$subnet\" --query 'networkSecurityGroup.id' --output tsv)\n\
     group=$(az network nsg show --ids \"$nsg\" --query resourceGroup --output tsv) name=$(az network nsg show --ids \"$nsg\" --query name --output tsv)"
}

fn rule(label: &str, priority: u16, source: &str, destination: &str, port: u16) -> String {
    format!(
        "az network nsg rule create --resource-group \"$group\" --nsg-name \"$name\" --name {} --priority {priority} --direction Inbound --access Allow \
         --protocol Tcp --source-address-prefixes {source} --source-port-ranges '*' --destination-address-prefixes {destination} \
         --destination-port-ranges {port}",
        shell_word(label)
    )
}

pub(super) fn way_in(setup: &Setup) -> Step {
    let port = setup.address.port.get();
    let clients = address::clients(setup);
    let label = format!("{}-ssh", setup.label());
    let title = format!("First way, Azure: let them in to port {port} of the bastion");
    let why = "the rule names who may come and the destination port; the source port is any, since clients send from a port of \
               their own choice. Azure Bastion, the managed gateway, is no sshd that takes a line of authorized_keys: what is \
               needed is a machine that runs sshd";
    let mut commands = vec![find_bastion(setup), find_group().to_owned()];
    commands.extend(clients.ask.clone());
    for (list, six) in clients.families() {
        // A rule takes one family; the private address found above is of the older one.
        let (name, priority, destination) =
            if six { (format!("{label}-v6"), 311, "'*'") } else { (label.clone(), 310, "\"$private\"") };
        commands.push(rule(&name, priority, &list.join(" "), destination, port));
    }
    let (from, second) = match (clients.words_of(false), clients.words_of(true)) {
        (Some(four), Some(six)) => (four, format!("; and a second rule {label}-v6, the same but for {six}")),
        (four, six) => (four.or(six).unwrap_or_default(), String::new()),
    };
    Step::new(Platform::Azure, Owner::BastionAdmin, title, why)
        .say(format!(
            "in the portal: Virtual machines, the bastion, Networking, Network settings, Create port rule, Inbound port rule: source IP \
             Addresses, {from}; source port ranges *; destination port ranges {port}; protocol TCP; action Allow; name {label}{second}"
        ))
        .run("or by command; a priority that is taken already must be another number", commands.join("\n"))
}

pub(super) fn way_on(setup: &Setup) -> Vec<Step> {
    let number = |at: usize| 320 + u16::try_from(at).unwrap_or(0).min(80);
    setup.distinct().into_iter().enumerate().map(|(at, database)| one(setup, database, number(at))).collect()
}

fn one(setup: &Setup, database: &Database, priority: u16) -> Step {
    let port = database.port.get();
    let host = database.host.as_str();
    let label = format!("{}-{}-{port}", setup.label(), database.kind);
    let title = format!("Second way, Azure: let the bastion in to port {port} of {host}");
    let why = "inside one virtual network, or peered ones, the database sees the private address of the bastion; a database with \
               public access sees the public one, of the bastion or of the NAT gateway that it leaves through";
    let step = Step::new(Platform::Azure, Owner::DatabaseAdmin, title, why);
    if let Some(command) = managed(setup, database, &label) {
        return step
            .say(format!(
                "in the portal, for a database with public access: the server, Networking, Add a firewall rule named {label} with the \
                 public address of the bastion as first and last address, Save. One with private access (VNet integration or a \
                 private endpoint) needs no such rule, only that its subnet's security group lets the bastion's private address in"
            ))
            .run("or by command, for a database with public access", command);
    }
    let destination = database.host.as_ip().map_or_else(|| "'*'".to_owned(), |ip| shell_word(&ip.to_string()));
    let find = match database.host.as_ip() {
        Some(ip) => format!(
            "nic=$(az network nic list --query {} --output tsv)",
            shell_word(&format!("[?ipConfigurations[?privateIPAddress=='{ip}']].id | [0]"))
        ),
        None => format!(
            "dbaddress=$(dig +short {} | tail -n 1)\nnic=$(az network nic list --query \"[?ipConfigurations[?privateIPAddress=='$dbaddress']].id | [0]\" --output tsv)",
            shell_word(host)
        ),
    };
    let commands = [
        find_bastion(setup),
        find,
        find_group().to_owned(),
        rule(&label, priority, "\"$private/32\"", &destination, port),
    ];
    step.say(format!(
        "in the portal: Virtual machines, the database's, Networking, Network settings, Create port rule, Inbound port rule: source IP \
         Addresses, the private address of the bastion with /32; source port ranges *; destination port ranges {port}; protocol TCP; \
         action Allow; name {label}"
    ))
    .run("or by command", commands.join("\n"))
}

/// The rule of a managed database, by its host name.
fn managed(setup: &Setup, database: &Database, label: &str) -> Option<String> {
    let host = database.host.as_str().to_ascii_lowercase();
    let (server, family) = host.split_once('.')?;
    let public = match setup.address.host.as_ip() {
        Some(ip) => format!("address={}", shell_word(&ip.to_string())),
        None => format!("address=$(dig +short {} | tail -n 1)", shell_word(setup.address.host.as_str())),
    };
    let (server, label) = (shell_word(server), shell_word(label));
    let tool = match (family, database.kind) {
        ("postgres.database.azure.com", _) | ("database.azure.com", Kind::Postgres) => "az postgres flexible-server",
        ("mysql.database.azure.com", _) | ("database.azure.com", Kind::Mysql | Kind::Mariadb) => {
            "az mysql flexible-server"
        }
        ("database.windows.net", _) => {
            return Some(format!(
                "{public}\ngroup=$(az sql server list --query {} --output tsv)\n\
                 az sql server firewall-rule create --resource-group \"$group\" --server {server} --name {label} --start-ip-address \"$address\" --end-ip-address \"$address\"",
                shell_word(&format!("[?fullyQualifiedDomainName=='{host}'].resourceGroup | [0]"))
            ));
        }
        _ => return None,
    };
    Some(format!(
        "{public}\ngroup=$({tool} list --query {} --output tsv)\n\
         {tool} firewall-rule create --resource-group \"$group\" --name {server} --rule-name {label} --start-ip-address \"$address\" --end-ip-address \"$address\"",
        shell_word(&format!("[?fullyQualifiedDomainName=='{host}'].resourceGroup | [0]"))
    ))
}
